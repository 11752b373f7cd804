import type { WebhookFormat, WebhookSettings } from '../domain/notify.js';
import { type News, newsOf, testNews } from './news.js';
import { hostOf, sendJson } from './send.js';
import { slackMessage } from './slack.js';
import { teamsMessage } from './teams.js';
import { type Channel, urlFor } from './told.js';

const FORMATS: Readonly<Record<WebhookFormat, (news: News) => unknown>> = {
  json: ({ json }) => json,
  slack: slackMessage,
  teams: teamsMessage,
};

/**
 * Posts JSON where there is something that a person should know.
 *
 * @param number which one it is, from 1, where there are several
 */
export function webhookChannel(
  { url, format, on, headers }: WebhookSettings,
  number: number | undefined,
): Channel {
  const post = (job: string, news: News, signal: AbortSignal) =>
    sendJson({ url: urlFor(url, job), headers }, FORMATS[format](news), signal);
  return {
    name: `webhook ${number === undefined ? '' : `${number} `}${hostOf(url)}`,
    told: `${on.join(', ')}, as ${format === 'json' ? 'JSON' : `a message for ${format === 'slack' ? 'Slack' : 'Teams'}`}`,
    ended: async (ended, signal) => {
      const news = await newsOf(ended, on);
      if (news !== undefined) await post(ended.run.job, news, signal);
    },
    test: (test, signal) => post(test.job, testNews(test), signal),
  };
}
