import type { News } from './news.js';
import { cut } from './summary.js';

/** Teams takes messages of at most 28 KB. */
const MOST_TEXT = 12_000;

const COLORS = {
  failure: 'attention',
  recovery: 'good',
  warning: 'warning',
  success: 'good',
  test: 'accent',
} as const;

/** An Adaptive Card for a workflow "Post to a channel when a webhook request is received" of Teams. */
export function teamsMessage({ event, title, lines, facts }: News): unknown {
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          msteams: { width: 'Full' },
          fallbackText: title,
          body: [
            {
              type: 'TextBlock',
              ...{ size: 'medium', weight: 'bolder', wrap: true },
              color: COLORS[event],
              text: escaped(title),
            },
            { type: 'TextBlock', wrap: true, text: escaped(cut(lines.join('\n\n'), MOST_TEXT)) },
            {
              type: 'FactSet',
              facts: facts.map(([name, value]) => ({ title: name, value: escaped(value) })),
            },
          ],
        },
      },
    ],
  };
}

/** Texts of a card are Markdown. */
function escaped(text: string): string {
  return text.replaceAll(/[\\`*[\]]/g, String.raw`\$&`);
}
