import { v7 } from 'uuid';
import type { LedgerDate, LedgerEntry } from '../../src/domain/ledger.js';
import type { AttemptStatus, Receipt } from '../../src/domain/receipt.js';

export interface DateFacts {
  readonly isPublished?: boolean;
  readonly rows?: number;
  readonly fingerprint?: string;
  /** ISO 8601; when the slice's run and the newest attempt began. */
  readonly startedAt?: string;
  readonly error?: LedgerEntry['error'];
}

/** A date of the job `churn` as the ledger has it, whose newest attempt has a status. */
export function ledgerDate(asOf: string, status: AttemptStatus, facts: DateFacts = {}): LedgerDate {
  const { isPublished = status === 'published', rows = 500, fingerprint = `sha256:${asOf}` } = facts;
  const { startedAt = `${asOf}T23:59:00.000Z`, error } = facts;
  const base = {
    ...{
      attemptId: v7(),
      job: 'churn',
      environment: 'dev',
      asOf,
      rowsKept: false,
      shards: undefined,
      moves: [],
    },
    ...{ artefact: 'churn@1', artefactDigest: 'a', startedAt, finishedAt: undefined },
  };
  const receipt = {
    rows: { read: rows, scored: rows, rejected: 0 },
    input: { fingerprint, location: 'input.csv', bytes: 1 },
    window: { from: `${asOf}T00:00:00.000Z`, to: `${asOf}T24:00:00.000Z` },
  } as Receipt;
  const published: LedgerEntry = {
    ...{ ...base, status: 'published', current: true, receipt, error: undefined },
  };
  const current = isPublished ? published : undefined;
  if (status === 'published' && current !== undefined) return { asOf, newest: current, current };
  return { asOf, newest: { ...base, status, current: false, receipt: undefined, error }, current };
}
