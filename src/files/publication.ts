import { access, constants } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import { PredawnError } from '../domain/errors.js';
import { failpoint } from '../domain/failpoint.js';
import type { Attempt, ComparedStage, Publication, Stage, TargetTable } from '../domain/publication.js';
import type { ShardedPublication } from '../domain/sharded-publication.js';
import type { MoveRequest, MoveResult } from '../domain/slice-move.js';
import { namesIn, readRecords } from './attempt-record.js';
import { FilesComparedStage } from './compared-stage.js';
import { isCode, onDisk } from './disk.js';
import { checkName, OURS, sliceFolders } from './layout.js';
import { onDiskLocked, takeLock } from './lock.js';
import { moveSlice } from './move.js';
import { withScratchFolder } from './scratch.js';
import { openSharded } from './sharded-publication.js';
import { type OnStep, presentPublication, settle, sliceConflict } from './slice.js';
import { FilesStage } from './stage.js';

export interface FilesPublicationOptions {
  /** The destination folder, absolute. It is made by the first attempt. */
  readonly root: string;
  /** What the commands of `howToLook` are relative to. */
  readonly cwd: string;
  readonly now: () => Date;
  /** For tests of what a crash leaves behind: told after every step of publishing. */
  readonly onStep?: OnStep;
}

/** Publishes to files in Hive layout beneath a folder. */
export function openFilesPublication(options: FilesPublicationOptions): Promise<Publication> {
  return Promise.resolve(new FilesPublication({ onStep: failpoint, ...options }));
}

class FilesPublication implements Publication {
  readonly location: string;
  readonly shards: ShardedPublication;
  readonly #options: Required<FilesPublicationOptions>;

  constructor(options: Required<FilesPublicationOptions>) {
    this.location = options.root;
    this.#options = options;
    this.shards = openSharded(options);
  }

  async check(target: TargetTable): Promise<readonly PredawnError[]> {
    const { root } = this.#options;
    const problems: PredawnError[] = [];
    const attempt = async (work: () => Promise<void> | void): Promise<void> => {
      try {
        await onDisk(root, async () => work());
      } catch (error) {
        if (!(error instanceof PredawnError)) throw error;
        problems.push(error);
      }
    };
    await attempt(() => checkName('job', target.job));
    await attempt(() => checkName('table', target.table));
    await attempt(() => checkColumns(target));
    if (problems.length > 0) return problems;
    for (const folder of [join(root, target.table), join(root, OURS, target.job)]) {
      await attempt(() => checkWritable(folder));
    }
    if (problems.length === 0) await attempt(() => checkSlices(root, target));
    return problems;
  }

  withAttempt<T>(attempt: Attempt, signal: AbortSignal, work: (stage: Stage) => Promise<T>): Promise<T> {
    return this.#locked(attempt, signal, async (stage) => {
      let result: T;
      try {
        result = await work(stage);
      } catch (error) {
        await stage.fail(error);
        throw error;
      }
      await stage.close();
      return result;
    });
  }

  withComparison<T>(
    attempt: Attempt,
    signal: AbortSignal,
    work: (stage: ComparedStage) => Promise<T>,
  ): Promise<T> {
    return withScratchFolder((scratch) =>
      new FilesPublication({ ...this.#options, root: scratch }).#locked(attempt, signal, async (stage) => {
        const compared = new FilesComparedStage(stage, this.#options.root, attempt);
        await compared.open();
        const result = await work(compared);
        await stage.close();
        return result;
      }),
    );
  }

  moveSlice(request: MoveRequest, signal: AbortSignal): Promise<MoveResult> {
    return moveSlice(this.#options, request, signal);
  }

  howToLook(target: TargetTable, asOf: string): string {
    const { root, cwd } = this.#options;
    const inside = relative(cwd, root);
    const folder = inside.startsWith('..') || isAbsolute(inside) ? root : inside;
    const path = join(folder, target.table, `as_of=${asOf}`, `predictions.${target.format}`);
    if (target.format === 'arrow') return `python -c "import pandas; print(pandas.read_feather('${path}'))"`;
    return `duckdb -c "from '${path}' limit 10"`;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #locked<T>(
    attempt: Attempt,
    signal: AbortSignal,
    work: (stage: FilesStage) => Promise<T>,
  ): Promise<T> {
    const { root, now, onStep } = this.#options;
    const { job, asOf, target } = attempt;
    signal.throwIfAborted();
    checkColumns(target);
    const folders = sliceFolders(root, job, target.table, asOf);
    const lock = await onDisk(root, () =>
      takeLock({ folder: folders.locks, job, asOf, attemptId: attempt.id, now }),
    );
    try {
      await failpoint('lock taken');
      const stage = await onDiskLocked(root, lock, async () => {
        const earlier = await settle(root, folders.ledger, await readRecords(folders.ledger), now());
        const conflict = await sliceConflict(folders, target, earlier);
        if (conflict !== undefined) throw conflict;
        const current = await presentPublication(folders, earlier, target.table);
        const opened = new FilesStage({
          root,
          attempt,
          folders,
          lock,
          signal,
          now,
          onStep,
          earlier,
          current,
        });
        await opened.open();
        return opened;
      });
      return await work(stage);
    } finally {
      await failpoint('settled');
      await lock.release();
    }
  }
}

/** Column names that readers could not tell apart, some of them without regard to case. */
function checkColumns({ keys, outputs }: TargetTable): void {
  const names = [...keys, ...outputs].map(({ name }) => name.toLowerCase());
  const taken = new Set(['as_of', 'artefact', 'attempt_id', 'scored_at']);
  for (const name of names) {
    if (taken.has(name)) {
      throw new PredawnError('configuration', 'files.column_name', `Two columns would be called ${name}.`, {
        hint: 'Give the output column another name in the job file; as_of, artefact, attempt_id and scored_at are taken.',
      });
    }
    taken.add(name);
  }
}

/** Finds the first folder upwards that exists, and whether one may write there. */
async function checkWritable(folder: string): Promise<void> {
  try {
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    if (!isCode(error, 'ENOENT') || dirname(folder) === folder) throw error;
    await checkWritable(dirname(folder));
  }
}

/** Dates that could not be published again. */
async function checkSlices(root: string, target: TargetTable): Promise<void> {
  for (const name of await namesIn(join(root, target.table))) {
    const asOf = /^as_of=(\d{4}-\d{2}-\d{2})$/.exec(basename(name))?.[1];
    if (asOf === undefined) continue;
    const folders = sliceFolders(root, target.job, target.table, asOf);
    const records = await readRecords(folders.ledger);
    const conflict = await sliceConflict(folders, target, records);
    if (conflict !== undefined) throw conflict;
  }
}
