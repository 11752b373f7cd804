import { appendFile } from 'node:fs/promises';
import type { NotifySettings } from '../domain/notify.js';
import { endEvent, startEvent, testEvents } from './lineage-event.js';
import type { Places } from './lineage-datasets.js';
import { hostOf, sendJson } from './send.js';
import type { Channel, Told } from './told.js';

/** Events name tables, queries and columns: not for everybody. */
const MODE = 0o640;

type Settings = NonNullable<NotifySettings['openlineage']>;

/** Where events go, one after the other. */
interface Sink {
  readonly name: string;
  take(event: object, signal: AbortSignal): Promise<void>;
  check?(): Promise<void>;
  /** Whether a test leaves events there. */
  readonly keepsTests: boolean;
}

/** Lineage to a server, a file or both: START when input and predictions are known, then how the run ended. */
export function openlineageChannels(settings: Settings, places: Places): Channel[] {
  const { url, apiKey, file, namespace } = settings;
  const sinks = [
    ...(url === undefined ? [] : [serverSink(url, apiKey)]),
    ...(file === undefined ? [] : [fileSink(file)]),
  ];
  return sinks.map((sink) => openlineageChannel(sink, { ...places, namespace }));
}

function openlineageChannel(sink: Sink, places: Places & { namespace: string }): Channel {
  let isStarted = false;
  const start = async (told: Told, signal: AbortSignal) => {
    isStarted = true;
    await sink.take(startEvent(told, places), signal);
  };
  return {
    name: sink.name,
    told: 'START and COMPLETE, FAIL or ABORT of every run',
    described: start,
    async ended(ended, signal) {
      // A run that ended before it could say what it reads.
      if (!isStarted) await start(ended, signal);
      await sink.take(endEvent(ended, places), signal);
    },
    ...(sink.check && { check: () => sink.check!() }),
    async test(test, signal) {
      if (!sink.keepsTests) return sink.check!();
      for (const event of testEvents(test, places)) await sink.take(event, signal);
    },
  };
}

function serverSink(url: string, apiKey: string | undefined): Sink {
  const headers: Record<string, string> = apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` };
  return {
    name: `openlineage ${hostOf(url)}`,
    keepsTests: true,
    take: (event, signal) => sendJson({ url, headers }, event, signal),
  };
}

/** One event a line. A line is appended in one write, so that runs at the same time do not mix theirs. */
function fileSink(file: string): Sink {
  return {
    name: `openlineage ${file}`,
    keepsTests: false,
    take: (event) => appendFile(file, `${JSON.stringify(event)}\n`, { mode: MODE }),
    check: () => appendFile(file, '', { mode: MODE }),
  };
}
