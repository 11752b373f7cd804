import type { NotifySettings } from '../domain/notify.js';
import { hostOf, send } from './send.js';
import { cut, details, headline } from './summary.js';
import { type Channel, urlFor } from './told.js';

/** What healthchecks.io keeps of a body. */
const MOST_BODY = 10_000;

type Settings = NonNullable<NotifySettings['healthchecks']>;

/**
 * Pings as healthchecks.io takes them: `/start`, then the URL itself for exit code 0, else `/<exit code>` or `/fail`.
 * The attempt's id, as `rid`, tells runs apart that overlap.
 */
export function healthchecksChannel({ url, exitStatus }: Settings): Channel {
  const ping = (job: string, id: string, signalPath: string, body: string, signal: AbortSignal) =>
    send({ url: pingUrl(urlFor(url, job), signalPath, id), body: cut(body, MOST_BODY) }, signal);
  return {
    name: `healthchecks ${hostOf(url)}`,
    told: `start, success and ${exitStatus ? 'exit code' : 'failure'} of every run`,
    started: ({ run }, signal) => ping(run.job, run.id, 'start', '', signal),
    ended: (ended, signal) => {
      const { run, exitCode } = ended;
      const how = exitCode === 0 ? '' : exitStatus ? String(exitCode) : 'fail';
      return ping(run.job, run.id, how, [headline(ended), ...details(ended)].join('\n'), signal);
    },
    // Kept in the check's log, and changes nothing else.
    test: ({ job, id }, signal) => ping(job, id, 'log', 'A test by predawn notify --test', signal),
  };
}

function pingUrl(text: string, signalPath: string, id: string): string {
  const url = new URL(text);
  if (signalPath !== '') url.pathname = `${url.pathname.replace(/\/$/, '')}/${signalPath}`;
  url.searchParams.set('rid', id);
  return url.href;
}
