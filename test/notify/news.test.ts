import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PredawnError } from '../../src/domain/errors.js';
import type { LedgerEntry } from '../../src/domain/ledger.js';
import { NEWS_KINDS, type NewsKind } from '../../src/domain/notify.js';
import type { Receipt } from '../../src/domain/receipt.js';
import { endEvent } from '../../src/notify/lineage-event.js';
import { lastSuccessIn, metricsOf, metricsText } from '../../src/notify/metrics.js';
import { type News, newsOf } from '../../src/notify/news.js';
import { slackMessage } from '../../src/notify/slack.js';
import { cut } from '../../src/notify/summary.js';
import type { Ended } from '../../src/notify/told.js';
import { problemsOfEvent } from './openlineage-schemas.js';

const ID = '0199f2a1-7b3c-7000-8000-000000000000';
const failure = new PredawnError('data', 'gate.rejects', 'Too many rejects.');
const canary = new PredawnError('canary', 'canary.label_change', 'The canary failed.');

function receiptOf(outcome: Receipt['outcome'], warnings: readonly string[] = []): Receipt {
  return {
    ...{ outcome, warnings, attempt_id: ID, published_attempt_id: ID, as_of: '2026-11-21' },
    rows: { read: 3, scored: 2, rejected: 1 },
    artefact: { name: 'churn', version: 1, digest: 'sha256:0' },
    input: { location: 'a.csv', fingerprint: 'sha256:1', bytes: 10 },
    output: { location: 'out', digest: 'sha256:2', rows: 2, columns: [] },
  } as unknown as Receipt;
}

function endedWith(facts: Partial<Ended>): Ended {
  const startedAt = new Date('2026-11-22T06:00:00Z');
  return {
    run: { id: ID, job: 'churn', environment: 'production', asOf: undefined, startedAt },
    ...{ asOf: '2026-11-21', window: undefined, description: undefined, attemptIds: [ID], stages: [] },
    ...{ exitCode: 0, receipt: undefined, error: undefined },
    finishedAt: new Date('2026-11-22T06:00:02.500Z'),
    previous: () => Promise.resolve(undefined),
    ...facts,
  };
}

const after = (status: LedgerEntry['status']) => () =>
  Promise.resolve({ status, attemptId: 'before', asOf: '2026-11-20', error: undefined } as LedgerEntry);
const published = { receipt: receiptOf('published') };
const warned = { receipt: receiptOf('published', ['careful']) };

describe('what a webhook is told of', () => {
  it.each<[string, Partial<Ended>, NewsKind]>([
    ['a failed run', { exitCode: 65, error: failure }, 'failure'],
    [
      'a failed run after a failed one',
      { exitCode: 65, error: failure, previous: after('failed') },
      'failure',
    ],
    ['a published run', published, 'success'],
    ['a published run after a published one', { ...published, previous: after('published') }, 'success'],
    ['a published run after a failed one', { ...published, previous: after('failed') }, 'recovery'],
    ['one with warnings', { ...warned, previous: after('published') }, 'warning'],
    ['one with warnings after a failed one', { ...warned, previous: after('failed') }, 'recovery'],
    ['a slice of before, with its warnings', { receipt: receiptOf('unchanged', ['careful']) }, 'success'],
    [
      'a slice of before, after a failed run',
      { receipt: receiptOf('unchanged'), previous: after('failed') },
      'recovery',
    ],
    [
      'staged rows after a failed run',
      { receipt: receiptOf('staged'), previous: after('failed') },
      'success',
    ],
    ['a run without its canary', { ...warned, exitCode: 77, error: canary }, 'warning'],
  ])('%s', async (_, facts, event) => {
    expect((await newsOf(endedWith(facts), NEWS_KINDS))?.event).toBe(event);
    expect((await newsOf(endedWith(facts), [event]))?.event).toBe(event);
    const others = NEWS_KINDS.filter((kind) => kind !== event);
    expect((await newsOf(endedWith(facts), others))?.event).not.toBe(event);
  });

  it('is what is left, where a recovery is not asked for', async () => {
    const recovered = { previous: after('failed') };
    const wanted = ['failure', 'warning', 'success'] as const;
    expect((await newsOf(endedWith({ ...published, ...recovered }), wanted))?.event).toBe('success');
    expect((await newsOf(endedWith({ ...warned, ...recovered }), wanted))?.event).toBe('warning');
    expect(await newsOf(endedWith({ ...published, ...recovered }), ['failure', 'warning'])).toBeUndefined();
  });

  it('does not ask the ledger where no recovery is asked for', async () => {
    const previous = () => Promise.reject(new Error('asked'));
    expect(await newsOf(endedWith({ ...published, previous }), ['failure', 'warning'])).toBeUndefined();
  });
});

describe('a run without its canary', () => {
  const ended = endedWith({ ...warned, exitCode: 77, error: canary });

  it('is complete for lineage and metrics: its slice is there', () => {
    const event = endEvent(ended, { cwd: '/', version: '1', namespace: 'n' }) as { eventType: string };
    expect(event.eventType).toBe('COMPLETE');
    expect(problemsOfEvent(event)).toEqual([]);
    const metrics = Object.fromEntries(metricsOf(ended).map(({ name, value }) => [name, value]));
    expect(metrics).toMatchObject({
      predawn_last_run_exit_code: 77,
      predawn_last_run_duration_seconds: 2.5,
      predawn_last_success_rows_scored: 2,
    });
  });
});

describe('metrics', () => {
  it('of the last success are read as they were written, whatever the labels', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.string({ unit: 'grapheme' }),
        fc.integer({ min: 0, max: 2 ** 32 }),
        (rows, label, milliseconds) => {
          const receipt = { ...receiptOf('published'), rows: { read: rows, scored: rows, rejected: 0 } };
          const metrics = metricsOf(endedWith({ receipt, finishedAt: new Date(milliseconds) }));
          const read = lastSuccessIn(metricsText(metrics, { job_name: label }));
          expect(read).toEqual(metrics.filter(({ name }) => name.includes('last_success')));
        },
      ),
      { examples: [[1, 'a\u2028b\rc\nd', 0]] },
    );
  });

  it.each(['', 'nonsense', 'predawn_last_success_rows_scored{job_name="a"} many\n', '\0\n# HELP'])(
    'are none in a damaged file: %j',
    (text) => expect(lastSuccessIn(text)).toEqual([]),
  );
});

describe('a message', () => {
  it('keeps within what Slack takes, and is never cut within a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 5000, size: 'max' }), (text) => {
        const news: News = { event: 'failure', title: text, lines: [text], facts: [['a', text]], json: {} };
        const { blocks } = slackMessage(news) as {
          blocks: [{ text: { text: string } }, { text: { text: string } }, { elements: [{ text: string }] }];
        };
        expect(blocks[0].text.text.length).toBeLessThanOrEqual(150);
        expect(blocks[1].text.text.length).toBeLessThanOrEqual(3000);
        expect(blocks[2].elements[0].text.length).toBeLessThanOrEqual(3000);
      }),
    );
    for (let length = 1; length < 12; length++)
      expect(cut('👍👍👍👍👍👍', length)).toMatch(/^(?:[\ud800-\udbff][\udc00-\udfff])*…$/);
  });
});
