import type { News } from './news.js';
import { cut } from './summary.js';

/** Limits of Slack's blocks, in characters. */
const MOST_HEADER = 150;
const MOST_SECTION = 3000;

const SIGNS = { failure: '🔴', recovery: '🟢', warning: '🟡', success: '🟢', test: '🔵' } as const;

/** A message for a Slack incoming webhook: https://api.slack.com/messaging/webhooks */
export function slackMessage({ event, title, lines, facts }: News): unknown {
  const header = `${SIGNS[event]} ${title}`;
  const context = facts.map(([name, value]) => `*${escaped(name)}:* ${escaped(value)}`).join('   ');
  return {
    // For notifications, and for clients that show no blocks.
    text: escaped(header),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: cut(header, MOST_HEADER), emoji: true } },
      // Plain text: what stands between * or _ in a message is no formatting, and <!channel> calls nobody.
      { type: 'section', text: { type: 'plain_text', text: cut(lines.join('\n'), MOST_SECTION) } },
      { type: 'context', elements: [{ type: 'mrkdwn', text: cut(context, MOST_SECTION) }] },
    ],
  };
}

/** The three characters that mean something in Slack's texts. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
