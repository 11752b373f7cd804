import { join } from 'node:path';
import type { FileEncoderSpec } from '../domain/codecs.js';
import type { Reject } from '../domain/columns.js';
import { PredawnError } from '../domain/errors.js';
import { failpoint } from '../domain/failpoint.js';
import type { FileFormat } from '../domain/job.js';
import type { OffendingRow } from '../domain/offending.js';
import type { EncodedBlock, Publishing, Stage, StagedOutput } from '../domain/publication.js';
import type { Receipt } from '../domain/receipt.js';
import { endsAttempt } from '../domain/shards.js';
import { type Assembler, makeAssembler, noRows } from './assembler.js';
import {
  type AttemptRecord,
  describeFailure,
  openRecord,
  publishedSlice,
  writeRecord,
} from './attempt-record.js';
import { ensureFolder, syncFolder } from './disk.js';
import { fileEncoding, makeFileEncoder } from './encoder.js';
import { HashLog } from './hash-log.js';
import { rejectsFile, sliceFile, stagedFile } from './layout.js';
import { onDiskLocked } from './lock.js';
import { makeSlice } from './make-slice.js';
import { firstMove, movesOf, nextPublication } from './moves.js';
import { writeOffending } from './offending-file.js';
import { RejectsFile } from './rejects-file.js';
import { endOvertaken } from './overtaken.js';
import { removeAttemptFiles, removeMergedFiles } from './remove-attempt.js';
import { removeOldAttempts } from './slice.js';
import type { StageContext } from './stage-context.js';
import { StagedFile } from './staged-file.js';
import { readStagedKeys, repeated } from './staged-keys.js';

/** More candidates than are asked for, in case different keys share a hash. */
const SPARE_CANDIDATES = 16;

export class FilesStage implements Stage {
  readonly current: Stage['current'];
  readonly encoder: FileEncoderSpec;
  readonly hashKeys = true;
  readonly rejectsLocation: string;
  readonly #path: string;
  readonly #rejects: RejectsFile;
  readonly #hashes: HashLog;
  #record: AttemptRecord;
  #file: StagedFile | undefined;
  #assembler: Assembler | undefined;
  #rows = 0;
  #output: StagedOutput | undefined;
  /** Whether readers may see this attempt's rows. */
  #replaced = false;

  constructor(private readonly context: StageContext) {
    const { attempt, folders, current } = context;
    this.current = current === undefined ? undefined : publishedSlice(current);
    this.encoder = fileEncoding(attempt);
    this.#path = stagedFile(folders, attempt.id, attempt.target.format);
    this.#rejects = new RejectsFile(rejectsFile(folders, attempt.id));
    this.rejectsLocation = this.#rejects.path;
    this.#hashes = new HashLog(join(folders.attempts, `${attempt.id}.hashes`));
    this.#record = context.record ?? openRecord(attempt);
  }

  /** Where the rows are, after `finish`. */
  get staged(): { readonly path: string; readonly format: FileFormat } {
    return { path: this.#path, format: this.context.attempt.target.format };
  }

  async open(): Promise<void> {
    await writeRecord(this.context.folders.ledger, this.#record);
  }

  append(block: EncodedBlock): Promise<void> {
    return this.#onDisk(async () => {
      this.context.signal.throwIfAborted();
      if (this.#output !== undefined) throw new TypeError('append() after finish()');
      await this.#write(block.payload, block.rows);
      if (block.keyHashes !== undefined) await this.#hashes.append(block.keyHashes);
    });
  }

  reject(rejects: readonly Reject[]): Promise<void> {
    return this.#onDisk(() => this.#rejects.append(rejects));
  }

  finish(): Promise<StagedOutput> {
    return this.#onDisk(async () => {
      if (this.#output !== undefined) return this.#output;
      this.context.signal.throwIfAborted();
      const { attempt, folders } = this.context;
      if (this.#assembler === undefined) {
        const encoder = await makeFileEncoder(this.encoder);
        await this.#write(encoder.encode(noRows(attempt.target)), 0);
      }
      await this.#file!.write(this.#assembler!.end());
      const digest = await this.#file!.finish();
      this.#file = undefined;
      await syncFolder(folders.attempts);
      await this.#rejects.close();
      // What the receipt names is where readers will find the rows.
      const location = sliceFile(folders, attempt.target.format);
      this.#output = { location, digest, rows: this.#rows };
      return this.#output;
    });
  }

  duplicateKeys(limit: number): Promise<readonly string[]> {
    return this.#onDisk(async () => {
      await this.finish();
      const groups = await this.#hashes.duplicateRows(limit + SPARE_CANDIDATES);
      if (groups.length === 0) return [];
      const keys = await readStagedKeys(this.#path, this.context.attempt.target, new Set(groups.flat()));
      return groups.flatMap((rows) => repeated(rows.map((row) => keys.get(row)!))).slice(0, limit);
    });
  }

  keepOffending(rows: readonly OffendingRow[]): Promise<void> {
    return this.#onDisk(() => writeOffending(this.context.folders, this.context.attempt.id, rows));
  }

  publish(complete: (publishing: Publishing) => Receipt): Promise<Receipt> {
    return this.#onDisk(async () => {
      const { attempt, signal, earlier, current, now } = this.context;
      const { digest, rows } = await this.finish();
      signal.throwIfAborted();
      const from = movesOf(earlier).at(-1)?.to;
      const changes = { inserted: rows, updated: 0, deleted: current?.rows ?? 0 };
      const receipt = complete({ changes, replaced: from });
      const publication = nextPublication(earlier);
      const move = firstMove(attempt, from, publication, now());
      await makeSlice({
        ...this.context,
        attemptId: attempt.id,
        format: attempt.target.format,
        publication,
        announce: () =>
          this.#update({
            status: 'publishing',
            publication,
            moves: [move],
            outputDigest: digest,
            rows,
            receipt,
          }),
        record: () => this.#update({ status: 'published', finishedAt: now().toISOString() }),
        onReplaced: () => (this.#replaced = true),
      });
      return receipt;
    });
  }

  keep(complete: (kept: { readonly location: string }) => Receipt): Promise<Receipt> {
    return this.#onDisk(async () => {
      const { signal, lock, now } = this.context;
      const { digest, rows } = await this.finish();
      signal.throwIfAborted();
      const receipt = complete({ location: this.#path });
      await lock.verify();
      const finishedAt = now().toISOString();
      await this.#update({ status: 'staged', finishedAt, outputDigest: digest, rows, receipt });
      return receipt;
    });
  }

  unchanged(receipt: Receipt): Promise<void> {
    return this.#onDisk(async () => {
      await this.#removeStaged();
      await this.#update({ status: 'unchanged', finishedAt: this.context.now().toISOString(), receipt });
    });
  }

  /** After work that did not throw. */
  close(): Promise<void> {
    return this.#onDisk(async () => {
      if (this.#record.status === 'open') {
        await this.#end(
          new PredawnError(
            'internal',
            'attempt.unpublished',
            'The attempt ended without publishing anything.',
          ),
        );
        return;
      }
      await this.#release();
    });
  }

  /** After work that threw `error`. Never throws: the error that counts is that one. */
  async fail(error: unknown): Promise<void> {
    await this.#end(error).catch(() => undefined);
  }

  async #end(error: unknown): Promise<void> {
    await this.#release();
    if (this.#replaced || ['unchanged', 'staged'].includes(this.#record.status)) return;
    const { record, folders, attempt } = this.context;
    if (record !== undefined && !(error instanceof PredawnError && endsAttempt(error))) {
      await removeMergedFiles(folders, attempt.id);
      await writeRecord(folders.ledger, record);
      this.#record = record;
      return;
    }
    await this.#removeStaged();
    await this.#update({
      status: 'failed',
      finishedAt: this.context.now().toISOString(),
      receipt: undefined,
      moves: undefined,
      error: describeFailure(error),
    });
  }

  /** Lets go of open files, and of old attempts' rows where this one has taken their place. */
  async #release(): Promise<void> {
    await this.#file?.close().catch(() => undefined);
    this.#file = undefined;
    await this.#rejects.close().catch(() => undefined);
    await this.#hashes.close().catch(() => undefined);
    if (!['published', 'staged'].includes(this.#record.status)) return;
    await failpoint('settling');
    const { root, folders, earlier, attempt, now } = this.context;
    // The publication stands whether or not there is less to keep.
    try {
      const records = await endOvertaken(root, folders.ledger, [...earlier, this.#record], now());
      await removeOldAttempts(folders, records, attempt.retain);
    } catch {
      return;
    }
  }

  async #removeStaged(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    await removeAttemptFiles(this.context.folders, this.context.attempt.id);
  }

  async #write(payload: Uint8Array, rows: number): Promise<void> {
    const { attempt, folders } = this.context;
    if (this.#file === undefined) {
      await ensureFolder(folders.attempts);
      this.#file = await StagedFile.create(this.#path);
    }
    this.#assembler ??= await makeAssembler(attempt.target, this.encoder);
    await this.#file.write(this.#assembler.add(payload, rows));
    this.#rows += rows;
  }

  async #update(change: Partial<AttemptRecord>): Promise<void> {
    const record = { ...this.#record, ...change };
    await writeRecord(this.context.folders.ledger, record);
    this.#record = record;
  }

  #onDisk<T>(work: () => Promise<T>): Promise<T> {
    return onDiskLocked(this.context.root, this.context.lock, work);
  }
}
