import { type AttemptRecord, failedRecord, namesIn, writeRecord } from './attempt-record.js';
import { jobFolders, SHARDS, sliceFolders } from './layout.js';
import { removeAttemptFiles, removeShards } from './remove-attempt.js';

/**
 * Ends the open attempts in shards of a date that began before the one whose slice it is: they are not to be published
 * any more. Removes what shards left whose attempts have ended. For the holder of the date's lock only; returns the
 * records as they are now.
 */
export async function endOvertaken(
  root: string,
  ledger: string,
  records: readonly AttemptRecord[],
  now: Date,
): Promise<readonly AttemptRecord[]> {
  const latest = records
    .filter(({ status }) => status === 'published')
    .sort((a, b) => b.publication! - a.publication!)[0];
  const settled: AttemptRecord[] = [];
  for (const record of records) {
    const overtaken = isOpenInShards(record) && latest !== undefined && latest.attemptId > record.attemptId;
    settled.push(overtaken ? await endAttempt(root, ledger, record, latest.attemptId, now) : record);
  }
  await removeLeftShards(root, settled);
  return settled;
}

/** Ends an open attempt in shards: `by` was published, or planned, in its place. */
export async function endAttempt(
  root: string,
  ledger: string,
  record: AttemptRecord,
  by: string,
  now: Date,
): Promise<AttemptRecord> {
  const message = `Attempt ${by}, which began later, took its place.`;
  const ended = failedRecord(record, { kind: 'unavailable', code: 'attempt.superseded', message }, now);
  await writeRecord(ledger, ended);
  await removeAttemptFiles(sliceFolders(root, record.job, record.table, record.asOf), record.attemptId);
  return ended;
}

export function isOpenInShards({ status, shards }: AttemptRecord): boolean {
  return status === 'open' && shards !== undefined;
}

async function removeLeftShards(root: string, records: readonly AttemptRecord[]): Promise<void> {
  const [first] = records;
  if (first === undefined) return;
  const folders = jobFolders(root, first.job, first.asOf);
  const left = new Set((await namesIn(folders.attempts)).filter((name) => name.endsWith(SHARDS)));
  for (const record of records) {
    if (left.has(record.attemptId + SHARDS) && !isOpenInShards(record) && record.status !== 'publishing')
      await removeShards(folders, record.attemptId);
  }
}
