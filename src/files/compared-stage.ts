import type { SliceComparison } from '../domain/comparison.js';
import { PredawnError } from '../domain/errors.js';
import type { Attempt, ComparedStage, EncodedBlock } from '../domain/publication.js';
import { type AttemptRecord, publishedSlice, readRecords } from './attempt-record.js';
import { compareFiles } from './compare-files.js';
import { onDisk } from './disk.js';
import { sliceFile, sliceFolders, type SliceFolders } from './layout.js';
import { presentPublication } from './slice.js';
import type { FilesStage } from './stage.js';

/** Stages in a scratch folder, and compares with the slice of the real one. */
export class FilesComparedStage implements ComparedStage {
  readonly encoder: ComparedStage['encoder'];
  readonly hashKeys = true;
  readonly rejectsLocation: string;
  readonly #folders: SliceFolders;
  #record: AttemptRecord | undefined;

  constructor(
    private readonly scratch: FilesStage,
    private readonly root: string,
    private readonly attempt: Attempt,
  ) {
    this.encoder = scratch.encoder;
    this.rejectsLocation = scratch.rejectsLocation;
    this.#folders = sliceFolders(root, attempt.job, attempt.target.table, attempt.asOf);
  }

  /** Finds out what the slice is. */
  async open(): Promise<void> {
    this.#record = await onDisk(this.root, () => this.#present());
  }

  get current(): ComparedStage['current'] {
    return this.#record === undefined ? undefined : publishedSlice(this.#record);
  }

  append(block: EncodedBlock): Promise<void> {
    return this.scratch.append(block);
  }

  /** A row that could not be scored is counted, and kept nowhere. */
  reject(): Promise<void> {
    return Promise.resolve();
  }

  keepOffending(): Promise<void> {
    return Promise.resolve();
  }

  finish(): ReturnType<FilesStage['finish']> {
    return this.scratch.finish();
  }

  duplicateKeys(limit: number): Promise<readonly string[]> {
    return this.scratch.duplicateKeys(limit);
  }

  async compare(limit: number): Promise<SliceComparison | undefined> {
    const record = this.#record;
    if (record === undefined) return undefined;
    return onDisk(this.root, async () => {
      const slice = { path: sliceFile(this.#folders, record.format), format: record.format };
      let result: SliceComparison | undefined;
      let failure: unknown;
      try {
        result = await compareFiles(this.scratch.staged, slice, this.attempt.target, limit);
      } catch (error) {
        failure = error;
      }
      // The date's lock is not held: a run may have put another file there, even between two reads.
      if ((await this.#present())?.publication !== record.publication) throw this.#moved();
      if (result === undefined) throw failure;
      return result;
    });
  }

  async #present(): Promise<AttemptRecord | undefined> {
    const records = await readRecords(this.#folders.ledger);
    return presentPublication(this.#folders, records, this.attempt.target.table);
  }

  #moved(): PredawnError {
    return new PredawnError(
      'unavailable',
      'compare.moved',
      `${this.attempt.job} for ${this.attempt.asOf} was published, or changed by others, while it was being compared.`,
      { hint: 'Run the comparison again.' },
    );
  }
}
