import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PredawnError } from '../domain/errors.js';
import type { FileFormat } from '../domain/job.js';
import type { LedgerEntry } from '../domain/ledger.js';
import type { Attempt, PublishedSlice } from '../domain/publication.js';
import type { AttemptStatus, Receipt } from '../domain/receipt.js';
import type { ShardPlan } from '../domain/shards.js';
import { isCode, readIfThere, writeJson } from './disk.js';
import { ATTEMPT_ID } from './layout.js';
import { movesTo, type PendingMove, type RecordedMove, withoutNumber } from './moves.js';
import { parseRecord } from './record-text.js';

/** One attempt as its JSON file in the ledger has it. */
export interface AttemptRecord {
  readonly version: 1;
  readonly attemptId: string;
  readonly job: string;
  readonly environment: string;
  readonly asOf: string;
  readonly table: string;
  readonly format: FileFormat;
  readonly artefact: string;
  readonly artefactDigest: string;
  readonly jobDigest: string;
  /** `publishing`: all is ready and the slice may have been replaced already; its digest says whether it was. */
  readonly status: AttemptStatus | 'publishing';
  readonly startedAt: string;
  /** Of an attempt in shards. */
  readonly shards?: ShardPlan;
  readonly finishedAt?: string;
  /** Its last publication; they are counted from 1 for a date, and the highest published one is current. */
  readonly publication?: number;
  /** Its publications, oldest first. */
  readonly moves?: readonly RecordedMove[];
  readonly pending?: PendingMove | undefined;
  /** `sha256:<hex>` of the slice's file. */
  readonly outputDigest?: string;
  readonly rows?: number;
  readonly receipt?: Receipt;
  readonly error?: { readonly kind: string; readonly code: string; readonly message: string };
}

export function openRecord(attempt: Attempt, shards?: ShardPlan): AttemptRecord {
  const { id, job, environment, asOf, target, artefact, artefactDigest, jobDigest, startedAt } = attempt;
  return {
    version: 1,
    attemptId: id,
    job,
    environment,
    asOf,
    table: target.table,
    format: target.format,
    artefact,
    artefactDigest,
    jobDigest,
    status: 'open',
    startedAt,
    ...(shards !== undefined && { shards }),
  };
}

/** The record of an attempt that ended without being published. */
export function failedRecord(
  record: AttemptRecord,
  error: NonNullable<AttemptRecord['error']>,
  now: Date,
): AttemptRecord {
  const finishedAt = now.toISOString();
  return { ...record, status: 'failed', finishedAt, receipt: undefined, moves: undefined, error };
}

export async function writeRecord(folder: string, record: AttemptRecord): Promise<void> {
  await writeJson(join(folder, `${record.attemptId}.json`), record);
}

/** All attempts of a date, oldest first. Throws code `files.ledger_damaged` as `readRecord` does. */
export async function readRecords(folder: string): Promise<readonly AttemptRecord[]> {
  const records = [];
  for (const id of await attemptIds(folder)) {
    const record = await readRecord(folder, id);
    if (record !== undefined) records.push(record);
  }
  return records;
}

/** Throws kind `configuration`, code `files.ledger_damaged`, for a file that holds no such record. */
export async function readRecord(folder: string, id: string): Promise<AttemptRecord | undefined> {
  const path = join(folder, `${id}.json`);
  const text = await readIfThere(path);
  return text === undefined ? undefined : parseRecord(path, id, text);
}

/** Ids of the attempts of a date, oldest first: version 7 UUIDs sort by time. Files of other names are not ours. */
export async function attemptIds(folder: string): Promise<readonly string[]> {
  const names = await namesIn(folder);
  return names
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .filter((id) => ATTEMPT_ID.test(id));
}

/** Removes records that were being written when their attempts died. For the holder of the date's lock only. */
export async function removeUnfinishedRecords(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    if (name.endsWith('.json.tmp')) await rm(join(folder, name), { force: true });
  }
}

/** Names in a folder, sorted; none where there is no such folder. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (isCode(error, 'ENOENT')) return [];
    throw error;
  }
}

/** The publication a date's slice of a table is now. */
export function currentOf(records: readonly AttemptRecord[], table: string): AttemptRecord | undefined {
  return records
    .filter((record) => record.status === 'published' && record.table === table)
    .reduce<AttemptRecord | undefined>(
      (latest, record) => ((latest?.publication ?? 0) > record.publication! ? latest : record),
      undefined,
    );
}

/** `rowsKept`: whether its file is there. `committed`: the shards that are, of an attempt that has them. */
export function toEntry(
  record: AttemptRecord,
  current: boolean,
  rowsKept: boolean,
  committed: number,
): LedgerEntry {
  const count = record.shards?.input.shards.length;
  return {
    attemptId: record.attemptId,
    job: record.job,
    environment: record.environment,
    asOf: record.asOf,
    status: record.status === 'publishing' ? 'open' : record.status,
    current,
    rowsKept,
    shards: count === undefined ? undefined : { count, committed },
    moves: movesTo(record).map(withoutNumber),
    artefact: record.artefact,
    artefactDigest: record.artefactDigest,
    startedAt: record.startedAt,
    finishedAt: record.finishedAt,
    // Before it is published, the receipt is a plan.
    receipt: record.status === 'publishing' ? undefined : record.receipt,
    error: record.error,
  };
}

/** What the contract calls the publication that a published record stands for. */
export function publishedSlice(record: AttemptRecord): PublishedSlice {
  return {
    attemptId: record.attemptId,
    artefactDigest: record.artefactDigest,
    jobDigest: record.jobDigest,
    inputFingerprint: record.receipt!.input.fingerprint,
    receipt: record.receipt!,
  };
}

/** What a record says of a failure. */
export function describeFailure(error: unknown): NonNullable<AttemptRecord['error']> {
  if (error instanceof PredawnError) return { kind: error.kind, code: error.code, message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'internal', code: 'internal', message };
}
