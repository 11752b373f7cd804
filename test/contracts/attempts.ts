import { v7 } from 'uuid';
import type { OutputColumn, Reject } from '../../src/domain/columns.js';
import type { Ledger } from '../../src/domain/ledger.js';
import type { Attempt, Publishing, StagedOutput, TargetTable } from '../../src/domain/publication.js';
import type { Receipt } from '../../src/domain/receipt.js';
import { outputColumn, type TestColumns } from './scored-rows.js';

/** What a ledger gives of an attempt's rejected rows. */
export function offendingOf(ledger: Ledger, { id, job, asOf }: Attempt): ReturnType<Ledger['offending']> {
  return ledger.offending({ attemptId: id, job, asOf });
}

export async function rejectsOf(ledger: Ledger, { id, job, asOf }: Attempt): Promise<Reject[]> {
  const rejects: Reject[] = [];
  for await (const some of ledger.rejects({ attemptId: id, job, asOf })) rejects.push(...some);
  return rejects;
}

let attempts = 0;

/** The table of most tests: one text key, a probability and a label. */
export const CHURN: TestColumns = {
  keys: [{ name: 'customer_id', type: 'text' }],
  outputs: [outputColumn('churn_probability', 'float4', true), outputColumn('churn', 'text')],
};

export function targetOf(columns: TestColumns, over: Partial<TargetTable> = {}): TargetTable {
  return {
    job: 'churn',
    table: 'churn_predictions',
    description: 'Churn predictions',
    format: 'parquet',
    ...columns,
    ...over,
  };
}

/** A new attempt, a second younger than the one before. */
export function newAttempt(asOf: string, target: TargetTable, over: Partial<Attempt> = {}): Attempt {
  attempts++;
  return {
    id: v7(),
    job: target.job,
    environment: 'dev',
    asOf,
    artefact: 'churn@3',
    artefactDigest: 'a'.repeat(64),
    jobDigest: `sha256:${'b'.repeat(64)}`,
    startedAt: new Date(Date.UTC(2026, 10, 22, 6) + attempts * 1000).toISOString(),
    target,
    retain: 3,
    by: 'tester',
    ...over,
  };
}

export function newReceipt(
  attempt: Attempt,
  output: StagedOutput | undefined,
  changes: Publishing['changes'] | undefined,
  outcome: Receipt['outcome'] = 'published',
): Receipt {
  const rows = output?.rows ?? 0;
  return {
    attempt_id: attempt.id,
    published_attempt_id: attempt.id,
    how_to_look: undefined,
    job: attempt.job,
    environment: attempt.environment,
    as_of: attempt.asOf,
    timezone: 'Europe/London',
    window: { from: `${attempt.asOf}T00:00:00Z`, to: `${attempt.asOf}T24:00:00Z` },
    outcome,
    artefact: { name: 'churn', version: 3, digest: attempt.artefactDigest },
    rows: { read: rows, scored: rows, rejected: 0 },
    rejects: {},
    rejects_location: undefined,
    inexact_integers: 0,
    input: { location: 'input.csv', fingerprint: `sha256:${'c'.repeat(64)}`, bytes: 123 },
    job_file: { path: 'jobs/churn.yaml', digest: attempt.jobDigest },
    output: {
      location: output?.location ?? 'nowhere',
      digest: output?.digest ?? `sha256:${'d'.repeat(64)}`,
      rows,
      columns: attempt.target.outputs.map((column: OutputColumn) => column.name),
    },
    changes,
    unused_columns: ['favourite "colour", if any'],
    warnings: [],
    started_at: attempt.startedAt,
    finished_at: attempt.startedAt,
    seconds: 0.5,
    versions: { predawn: '0.1.0', node: '20.19.0', onnxruntime: '1.30.0' },
  };
}

/** As a ledger gives a receipt or a plan back, which are JSON there: fields that are undefined are absent there. */
export function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
