import type pg from 'pg';
import type { PostgresEncoderSpec } from '../domain/codecs.js';
import type { Reject } from '../domain/columns.js';
import { PredawnError } from '../domain/errors.js';
import type {
  Attempt,
  EncodedBlock,
  PublishedSlice,
  Publishing,
  Stage,
  StagedOutput,
} from '../domain/publication.js';
import type { Receipt } from '../domain/receipt.js';
import { recordReceipt, requireOpen } from './attempts.js';
import { commitRows, type Patience } from './commit.js';
import { CopyWriter } from './copy-writer.js';
import { findDuplicates } from './duplicates.js';
import { sqlState, translate } from './errors.js';
import { columnList, columnsOf, type LayoutColumn } from './layout.js';
import { type QualifiedName, sqlName } from './names.js';
import { keepRejects, rejectsLocation } from './rejects.js';
import { addKey, createRowsTable } from './rows-table.js';
import { openSession } from './session.js';
import { begin } from './transaction.js';

export interface StageContext {
  readonly url: string;
  readonly location: string;
  readonly applicationName: string;
  /** The connection that holds the lock. */
  readonly session: pg.Client;
  readonly attempt: Attempt;
  readonly signal: AbortSignal;
  readonly current: PublishedSlice | undefined;
  readonly target: QualifiedName;
  /** The target, where it is ours and there already. */
  readonly parent: QualifiedName | undefined;
  readonly layout: readonly LayoutColumn[];
  /** The table to stage into. */
  readonly rows: QualifiedName;
  readonly lockSeconds: number;
  readonly patience: Patience;
}

/** Stages by one binary COPY on a connection of its own; rejects and the publication go through the session. */
export class PostgresStage implements Stage {
  readonly encoder: PostgresEncoderSpec = { kind: 'postgres' };
  readonly hashKeys = false;
  readonly current: PublishedSlice | undefined;
  readonly rejectsLocation: string;
  readonly #context: StageContext;
  #copying: Promise<{ readonly client: pg.Client; readonly writer: CopyWriter }> | undefined;
  #appended = 0;
  #staged: StagedOutput | undefined;
  #keyed = false;
  #phase: 'staging' | 'publishing' | 'committing' | 'ended' = 'staging';

  constructor(context: StageContext) {
    this.#context = context;
    this.current = context.current;
    this.rejectsLocation = rejectsLocation(context.attempt.id);
  }

  async append(block: EncodedBlock): Promise<void> {
    await this.#guard('copying predictions', async () => {
      const { writer } = await this.#copy();
      await writer.write(block.payload);
      this.#appended += block.rows;
    });
  }

  async reject(rejects: readonly Reject[]): Promise<void> {
    const { session, attempt } = this.#context;
    await this.#guard('keeping rejected rows', () => keepRejects(session, attempt.id, rejects));
  }

  async finish(): Promise<StagedOutput> {
    return this.#guard('copying predictions', async () => {
      const { client, writer } = await this.#copy();
      const { rows, digest } = await writer.end();
      if (rows !== this.#appended) {
        throw new PredawnError(
          'internal',
          'stage.count',
          `The server took ${rows} rows of ${this.#appended} sent.`,
          {
            hint: 'Nothing was published. Please report this.',
          },
        );
      }
      // A stale attempt must not leave a table behind that nobody knows of.
      await requireOpen(client, this.#context.attempt.id);
      await client.query('commit');
      const { location, target } = this.#context;
      this.#staged = { location: `${sqlName(target)} in ${location}`, digest, rows };
      return this.#staged;
    });
  }

  async duplicateKeys(limit: number): Promise<readonly string[]> {
    return this.#guard('looking for duplicate keys', async () => {
      try {
        await this.#buildKey();
        return [];
      } catch (error) {
        if (sqlState(error) !== '23505') throw error;
        return this.#duplicates(limit);
      }
    });
  }

  async publish(complete: (publishing: Publishing) => Receipt): Promise<Receipt> {
    return this.#guard('publishing', async () => {
      const { session, attempt, signal, rows, ...context } = this.#context;
      await this.#requireKey();
      this.#phase = 'publishing';
      const receipt = await commitRows({
        ...context,
        session,
        complete,
        rows: {
          target: attempt.target,
          asOf: attempt.asOf,
          attemptId: attempt.id,
          retain: attempt.retain,
          rows,
          expected: this.#output().rows,
        },
        lastCall: () => {
          signal.throwIfAborted();
          this.#phase = 'committing';
        },
      });
      this.#phase = 'ended';
      return receipt;
    });
  }

  async unchanged(receipt: Receipt): Promise<void> {
    const { session, attempt } = this.#context;
    await this.#guard('recording that nothing changed', async () => {
      await recordReceipt(session, attempt.id, 'unchanged', receipt);
      this.#phase = 'ended';
    });
  }

  /** Whether the ledger has its last word: published, or unchanged. */
  get ended(): boolean {
    return this.#phase === 'ended';
  }

  /** Server processes whose statement an abort should stop: all but one that is committing. */
  async processes(): Promise<readonly number[]> {
    const copying = await this.#copying?.catch(() => undefined);
    return [copying?.client, this.#phase === 'publishing' ? this.#context.session : undefined].flatMap(
      (client) => (client === undefined ? [] : [processOf(client)]),
    );
  }

  /** Closes the connection of the COPY, ending it unfinished if need be. */
  async close(): Promise<void> {
    const copying = await this.#copying?.catch(() => undefined);
    await copying?.client.end().catch(() => undefined);
  }

  #copy(): Promise<{ readonly client: pg.Client; readonly writer: CopyWriter }> {
    return (this.#copying ??= this.#beginCopy());
  }

  async #beginCopy(): Promise<{ readonly client: pg.Client; readonly writer: CopyWriter }> {
    const { url, location, applicationName, lockSeconds, layout, parent, rows, attempt } = this.#context;
    const client = await openSession(url, location, applicationName);
    try {
      await begin(client, lockSeconds);
      await client.query(
        createRowsTable(rows, layout, parent, {
          asOf: attempt.asOf,
          artefact: attempt.artefact,
          attemptId: attempt.id,
          scoredAt: attempt.startedAt,
        }),
      );
      const columns = columnList(columnsOf(layout, 'key', 'output'));
      const statement = `copy ${sqlName(rows)} (${columns}) from stdin (format binary)`;
      return { client, writer: new CopyWriter(client, statement) };
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
  }

  /** The key is built after the rows are in: three times as fast, and it finds duplicates on the way. */
  async #buildKey(): Promise<void> {
    if (this.#keyed) return;
    this.#output();
    const { client } = await this.#copy();
    await client.query(addKey(this.#context.rows, this.#context.layout));
    this.#keyed = true;
  }

  async #requireKey(): Promise<void> {
    try {
      await this.#buildKey();
    } catch (error) {
      if (sqlState(error) !== '23505') throw error;
      const { job, asOf } = this.#context.attempt;
      throw new PredawnError(
        'data',
        'keys.duplicate',
        `Some keys of ${job} for ${asOf} occur more than once: ${(await this.#duplicates(5)).join(' | ')}.`,
        { hint: 'Remove the duplicates from the input, or add a column to key in the job file.' },
      );
    }
  }

  async #duplicates(limit: number): Promise<readonly string[]> {
    const { client } = await this.#copy();
    return findDuplicates(client, this.#context.rows, columnsOf(this.#context.layout, 'key'), limit);
  }

  #output(): StagedOutput {
    if (this.#staged !== undefined) return this.#staged;
    throw new PredawnError('internal', 'stage.unfinished', 'The stage is asked before it was finished.');
  }

  async #guard<T>(doing: string, work: () => Promise<T>): Promise<T> {
    const { signal, location, attempt } = this.#context;
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      // What an abort stopped fails with some error of the server's; the reason is the abort's.
      if (signal.aborted && this.#phase !== 'committing') throw signal.reason;
      throw translate(error, { location, doing: `${doing} of ${attempt.job} for ${attempt.asOf}` });
    }
  }
}

function processOf(client: pg.Client): number {
  return (client as unknown as { readonly processID: number }).processID;
}
