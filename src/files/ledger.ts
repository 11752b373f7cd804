import { join } from 'node:path';
import { groupByDate, type Ledger, type LedgerEntry } from '../domain/ledger.js';
import {
  type AttemptRecord,
  attemptIds,
  currentOf,
  namesIn,
  readRecord,
  readRecords,
  toEntry,
} from './attempt-record.js';
import { onDisk } from './disk.js';
import { readOffending } from './offending-file.js';
import { readRejects } from './read-rejects.js';
import { committedShards } from './shard-manifests.js';
import { checkName, jobFolders, OURS } from './layout.js';

interface Place {
  readonly id: string;
  /** The ledger's folder of the attempt's job and date. */
  readonly folder: string;
}

/** The ledger of the destination folder `root`; a folder that is not there yet is an empty ledger. */
export function openFilesLedger(root: string): Promise<Ledger> {
  return Promise.resolve({
    entries: ({ job, asOf, limit }) =>
      onDisk(root, async () => {
        if (job !== undefined) checkName('job', job);
        const found = await places(root, job, (date) => asOf === undefined || date === asOf);
        const newest = [...found].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, limit);
        return entriesOf(root, newest);
      }),
    dates: ({ job, from, to }) =>
      onDisk(root, async () => {
        checkName('job', job);
        const found = await places(root, job, (asOf) => from <= asOf && asOf <= to);
        return groupByDate(await entriesOf(root, found));
      }),
    find: (id) =>
      onDisk(root, async () => {
        if (id.length < 6) return undefined;
        const found = await places(root);
        const matching = found.filter((place) => place.id.startsWith(id.toLowerCase()));
        return matching.length === 1 ? (await entriesOf(root, matching))[0] : undefined;
      }),
    rejects: ({ attemptId, job, asOf }) => readRejects(root, jobFolders(root, job, asOf), attemptId),
    offending: ({ attemptId, job, asOf }) =>
      onDisk(root, () => readOffending(jobFolders(root, job, asOf), attemptId)),
    close: () => Promise.resolve(),
  });
}

/** Found by names alone: only the attempts that are asked for are read. */
async function places(
  root: string,
  onlyJob?: string,
  isAsked: (asOf: string) => boolean = () => true,
): Promise<readonly Place[]> {
  const jobs = onlyJob === undefined ? await namesIn(join(root, OURS)) : [onlyJob];
  const found: Place[] = [];
  for (const job of jobs) {
    const ledger = join(root, OURS, job, 'ledger');
    for (const asOf of (await namesIn(ledger)).filter(isAsked)) {
      const folder = join(ledger, asOf);
      for (const id of await attemptIds(folder)) found.push({ id, folder });
    }
  }
  return found;
}

async function entriesOf(root: string, found: readonly Place[]): Promise<readonly LedgerEntry[]> {
  const entries: LedgerEntry[] = [];
  for (const { id, folder } of found) {
    const record = await readRecord(folder, id);
    if (record === undefined) continue;
    const current = record.status === 'published' && currentOf(await readRecords(folder), record.table);
    const { attempts } = jobFolders(root, record.job, record.asOf);
    const kept = ['published', 'staged'].includes(record.status) && (await isThere(attempts, record));
    const committed = await committedShards(jobFolders(root, record.job, record.asOf), record);
    entries.push(toEntry(record, current !== false && current?.attemptId === id, kept, committed));
  }
  return entries;
}

async function isThere(attempts: string, { attemptId, format }: AttemptRecord): Promise<boolean> {
  return (await namesIn(attempts)).includes(`${attemptId}.${format}`);
}
