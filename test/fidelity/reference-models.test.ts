import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCsvSource } from '../../src/csv/source.js';
import { prepareCandidate } from '../../src/onnx/inspect.js';
import { openPostgresSource } from '../../src/postgres/source.js';
import type { Source } from '../../src/domain/source.js';
import type { Job } from '../../src/domain/job.js';
import type { Candidate } from '../../src/domain/registry.js';
import { readReference, referenceMeta, referenceModels, referenceRows } from '../helpers/onnx-reference.js';
import { createDatabase, type TestDatabase } from '../helpers/postgres.js';
import { loadReferenceTable, referenceJob } from './reference-job.js';
import { type ScoredRow, scoreSource } from './score-source.js';

/**
 * Real models against scikit-learn's own predictions (expected.csv) and against onnxruntime fed by other hands
 * (ort_reference.csv), where PREDAWN_TEST_MODELS names a folder of them.
 */
const ASKED = new Date().toISOString();
const ALL_ROWS = 1_000_000;
/** Every size from CSV; how rows are scored does not depend on where they come from, so fewer from PostgreSQL. */
const BLOCK_ROWS: Readonly<Record<string, readonly number[]>> = {
  csv: [1, 7, 512, ALL_ROWS],
  postgres: [7, ALL_ROWS],
};
const BLOCK_BYTES = 2 ** 26;
/** A forest of 500 trees is asked for each of six thousand rows by itself. */
const PATIENCE = 120_000;
const window = { date: '2026-11-20', from: '2026-11-20T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z' };

const models = referenceModels();
const scorable = models.filter((model) => referenceMeta(model).measured.create_error === undefined);

describe.skipIf(models.length === 0)('reference models', () => {
  it('are those that the project promises to score', () => {
    expect(scorable.length).toBeGreaterThan(0);
  });

  describe.each(scorable)('%s', (model) => {
    const meta = referenceMeta(model);
    const job = referenceJob(model, meta);
    let candidate: Candidate;
    let database: TestDatabase;
    /** Scored once by its own test, compared again at the end. */
    const scoredBy = new Map<string, readonly ScoredRow[]>();

    beforeAll(async () => {
      candidate = await prepareCandidate(readReference(model, 'model.onnx'), {
        addedAt: ASKED,
        addedBy: 'test',
        note: undefined,
        training: undefined,
      });
      database = await createDatabase();
      await loadReferenceTable(database, model, meta);
    });
    afterAll(() => database.drop());

    const openers: Record<string, () => Promise<Source>> = {
      csv: () =>
        openCsvSource({
          path: job.input.csv!.path,
          displayPath: 'input.csv',
          input: job.input.csv!,
          blockBytes: BLOCK_BYTES,
          job: model,
          asOf: window.date,
        }),
      postgres: () =>
        openPostgresSource({
          url: database.url,
          query: job.input.query!,
          window,
          blockBytes: BLOCK_BYTES,
          job: model,
          asOf: window.date,
        }),
    };

    describe.each(Object.keys(openers))('from %s', (kind) => {
      it.each(BLOCK_ROWS[kind]!)('in blocks of %i rows', { timeout: PATIENCE }, async (blockRows) => {
        const rows = await score(openers[kind]!, job, candidate, blockRows);
        scoredBy.set(`${kind} ${blockRows}`, rows);
        const { labels, values } = compare(rows, referenceRows(model, 'expected.csv'), sklearnClose);
        expect(labels).toEqual([]);
        expect(values.length).toBeLessThanOrEqual(countedByMeta(model));

        const runtime = compare(rows, referenceRows(model, 'ort_reference.csv'), runtimeClose);
        expect(runtime.labels).toEqual([]);
        expect(runtime.values).toEqual([]);
      });
    });

    it('gives the same bits from both sources and at every block size', () => {
      expect([...scoredBy.keys()]).toHaveLength(Object.values(BLOCK_ROWS).flat().length);
      const [first, ...others] = scoredBy.values();
      for (const other of others) expect(other).toEqual(first);
    });
  });
});

async function score(
  open: () => Promise<Source>,
  job: Job,
  { model, manifest }: Candidate,
  blockRows: number,
): Promise<ScoredRow[]> {
  const source = await open();
  try {
    return await scoreSource(source, job, { bytes: model, signature: manifest.signature }, blockRows);
  } finally {
    await source.close();
  }
}

/** Keys of the rows that differ, by label and by value. */
function compare(
  rows: readonly ScoredRow[],
  expected: readonly Record<string, string>[],
  close: (actual: number, wanted: number) => boolean,
) {
  const labels: string[] = [];
  const values: string[] = [];
  expect(rows.length).toBe(expected.length);
  for (const [index, { key, values: actual }] of rows.entries()) {
    const wanted = Object.entries(expected[index]!);
    expect(key).toBe(wanted[0]![1]);
    let near = true;
    for (const [name, text] of wanted.slice(1)) {
      if (name === 'label') {
        if (String(actual['label']) !== text) labels.push(key);
      } else if (!close(Number(published(actual, name)), Number(text))) near = false;
    }
    if (!near) values.push(key);
  }
  return { labels, values };
}

/** expected.csv calls its columns `proba_<class>` and `prediction`. */
function published(actual: ScoredRow['values'], name: string): string | number | undefined {
  if (name === 'prediction') return Object.values(actual)[0];
  const value = actual[name.replace(/^proba_/, 'probability_').toLowerCase()];
  expect(value, name).toBeDefined();
  return value;
}

/** Within 1e-5 relative or 1e-6 absolute of scikit-learn. */
function sklearnClose(actual: number, wanted: number): boolean {
  const difference = Math.abs(actual - wanted);
  return difference <= 1e-6 || difference <= 1e-5 * Math.abs(wanted);
}

function runtimeClose(actual: number, wanted: number): boolean {
  return Math.abs(actual - wanted) <= 1e-6 * Math.max(1, Math.abs(wanted));
}

/** Rows that meta.json counts as different: float32 before a tree's threshold can flip a split. */
function countedByMeta(model: string): number {
  const { measured } = JSON.parse(readReference(model, 'meta.json').toString()) as {
    measured: { against_sklearn_float64: { rows_over_rel_1e5: number } };
  };
  return measured.against_sklearn_float64.rows_over_rel_1e5;
}
