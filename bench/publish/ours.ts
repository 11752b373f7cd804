import { v7 as uuidv7 } from 'uuid';
import type { OutputColumn } from '../../src/domain/columns.js';
import type { Attempt, Publishing, StagedOutput, TargetTable } from '../../src/domain/publication.js';
import type { Receipt } from '../../src/domain/receipt.js';
import { openPostgresPublication } from '../../src/postgres/publication.js';
import { settle } from '../database.js';
import { secondsOf } from '../statistics.js';
import { secondsByPart, watchStatements } from './statements.js';

const output = { output: 0, element: 0, description: 'Of the row', probability: false };
const OUTPUTS: readonly OutputColumn[] = [
  { ...output, name: 'churn_probability', type: 'float4' },
  { ...output, name: 'churn', type: 'text' },
];

export const TARGET: TargetTable = {
  job: 'churn',
  table: 'churn_predictions',
  keys: [{ name: 'customer_id', type: 'text' }],
  outputs: OUTPUTS,
  description: 'Predictions of the benchmark',
  format: 'parquet',
};

/** What publishing took, once its rows were in a table of their own. */
export interface PublishTime {
  readonly seconds: number;
  readonly parts: Readonly<Record<string, number>>;
  readonly changes: Publishing['changes'];
}

/** Stages rows as a run does, and times the rest by predawn's own publication: key, publishing, commit. */
export async function publish(
  url: string,
  asOf: string,
  payload: Uint8Array,
  rows: number,
): Promise<PublishTime> {
  const publication = await openPostgresPublication({ url });
  const attempt = newAttempt(asOf);
  try {
    return await publication.withAttempt(attempt, new AbortController().signal, async (stage) => {
      await stage.append({ payload, rows, keyHashes: undefined });
      const staged = await stage.finish();
      await settle(url);
      let changes: Publishing['changes'] | undefined;
      let seconds = NaN;
      const statements = await watchStatements(async () => {
        seconds = await secondsOf(async () => {
          const duplicates = await stage.duplicateKeys(1);
          if (duplicates.length > 0) throw new Error(`The key ${duplicates[0]!} occurs twice`);
          await stage.publish((publishing) => {
            changes = publishing.changes;
            return receiptOf(attempt, staged, changes);
          });
        });
      });
      const parts = secondsByPart(statements);
      for (const part of ['key', 'commit']) {
        if (parts[part] === 0)
          throw new Error(`What is timed here has no ${part} any more: bench/publish must follow`);
      }
      return { seconds, parts, changes: changes! };
    });
  } finally {
    await publication.close();
  }
}

function newAttempt(asOf: string): Attempt {
  return {
    id: uuidv7(),
    job: TARGET.job,
    environment: 'bench',
    by: 'bench',
    asOf,
    artefact: 'churn@1',
    artefactDigest: 'a'.repeat(64),
    jobDigest: `sha256:${'b'.repeat(64)}`,
    startedAt: new Date().toISOString(),
    target: TARGET,
    retain: 3,
  };
}

function receiptOf(attempt: Attempt, staged: StagedOutput, changes: Publishing['changes']): Receipt {
  return {
    attempt_id: attempt.id,
    published_attempt_id: attempt.id,
    job: attempt.job,
    environment: attempt.environment,
    as_of: attempt.asOf,
    timezone: 'UTC',
    window: { from: `${attempt.asOf}T00:00:00Z`, to: `${attempt.asOf}T24:00:00Z` },
    outcome: 'published',
    artefact: { name: 'churn', version: 1, digest: attempt.artefactDigest },
    rows: { read: staged.rows, scored: staged.rows, rejected: 0 },
    rejects: {},
    rejects_location: undefined,
    inexact_integers: 0,
    input: { location: 'bench', fingerprint: undefined, bytes: undefined },
    job_file: { path: 'jobs/churn.yaml', digest: attempt.jobDigest },
    output: { ...staged, columns: OUTPUTS.map(({ name }) => name) },
    changes,
    how_to_look: undefined,
    unused_columns: [],
    warnings: [],
    started_at: attempt.startedAt,
    finished_at: new Date().toISOString(),
    seconds: 1,
    versions: { predawn: 'bench', node: process.versions.node, onnxruntime: 'none' },
  };
}
