import type { Attempt } from '../domain/publication.js';
import type { AttemptRecord } from './attempt-record.js';
import type { SliceFolders } from './layout.js';
import type { FileLock } from './lock.js';
import type { OnStep } from './slice.js';

/** What an open attempt works with. */
export interface StageContext {
  readonly root: string;
  readonly attempt: Attempt;
  readonly folders: SliceFolders;
  readonly lock: FileLock;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly onStep: OnStep;
  /** All earlier attempts of the date, settled, and the one that is published. */
  readonly earlier: readonly AttemptRecord[];
  readonly current: AttemptRecord | undefined;
  /** Of an attempt in shards, whose rows are put together here: it is open already. */
  readonly record?: AttemptRecord;
}
