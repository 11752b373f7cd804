import type pg from 'pg';
import type { PostgresEncoderSpec } from '../domain/codecs.js';
import type { Reject } from '../domain/columns.js';
import { PredawnError } from '../domain/errors.js';
import { failpoint } from '../domain/failpoint.js';
import type { OffendingRow } from '../domain/offending.js';
import type {
  Attempt,
  EncodedBlock,
  PublishedSlice,
  RowStage,
  SqlFinding,
  StagedOutput,
} from '../domain/publication.js';
import type { StatementCanceller } from './cancel.js';
import type { Patience } from './commit.js';
import { CopyWriter } from './copy-writer.js';
import { findDuplicates } from './duplicates.js';
import { sqlState, translate } from './errors.js';
import { columnList, columnsOf, layoutOf, type LayoutColumn } from './layout.js';
import { type QualifiedName, sqlName } from './names.js';
import { longestKey } from './long-keys.js';
import { keepOffending } from './offending.js';
import { keepRejects, rejectsLocation } from './rejects.js';
import { addKey, constantsOf, createRowsTable } from './rows-table.js';
import { selectStaged } from './select-staged.js';
import { closeSession, openSession } from './session.js';
import { begin } from './transaction.js';

const UNIQUE_VIOLATION = '23505';
/** A row is too long for an index. */
const LIMIT_EXCEEDED = '54000';

export interface StageContext {
  readonly url: string;
  readonly location: string;
  readonly applicationName: string;
  /** The connection that holds the lock: rows are staged and published on it, in one transaction. */
  readonly session: pg.Client;
  /** Aborted when that connection is lost, and the lock with it: no need to score any further. */
  readonly lost: AbortSignal;
  readonly attempt: Attempt;
  readonly signal: AbortSignal;
  readonly canceller: StatementCanceller;
  readonly current: PublishedSlice | undefined;
  readonly target: QualifiedName;
  /** Columns and CHECK constraints of the table to stage into, and its name. */
  readonly layout: readonly LayoutColumn[];
  readonly checks: readonly string[];
  readonly rows: QualifiedName;
  readonly keepRejects: boolean;
  readonly lockSeconds: number;
  readonly patience: Patience;
}

/**
 * Stages by one binary COPY into a table of its own, in a transaction that is committed by publishing only. So no
 * snapshot taken before the publication ever sees a row of it, whatever is attached to what; and a stage that is not
 * published leaves nothing behind. Rejects are kept through a second connection.
 */
export class PostgresRowStage implements RowStage {
  readonly encoder: PostgresEncoderSpec;
  readonly hashKeys = false;
  readonly current: PublishedSlice | undefined;
  readonly rejectsLocation: string;
  protected readonly context: StageContext;
  #copying: Promise<CopyWriter> | undefined;
  #rejecting: Promise<pg.Client> | undefined;
  #appended = 0;
  protected staged: StagedOutput | undefined;
  #keyed = false;
  protected phase: 'staging' | 'committing' | 'ended' = 'staging';

  constructor(context: StageContext) {
    this.context = context;
    const { artefact, canary } = context.attempt;
    this.encoder = { kind: 'postgres', artefacts: canary === undefined ? undefined : [artefact, canary] };
    this.current = context.current;
    this.rejectsLocation = rejectsLocation(context.attempt.id);
  }

  async append(block: EncodedBlock): Promise<void> {
    await this.guard('copying predictions of', async () => {
      const writer = await this.#copy();
      await writer.write(block.payload);
      this.#appended += block.rows;
    });
  }

  async reject(rejects: readonly Reject[]): Promise<void> {
    if (!this.context.keepRejects) return;
    await this.guard('keeping rejected rows of', async () => {
      await keepRejects(await this.#keeping(), this.context.attempt.id, rejects);
    });
  }

  async keepOffending(rows: readonly OffendingRow[]): Promise<void> {
    if (!this.context.keepRejects) return;
    await this.guard('keeping rows that gates object to of', async () => {
      await keepOffending(await this.#keeping(), this.context.attempt.id, rows);
    });
  }

  select(sql: string, name: string, limit: number): Promise<SqlFinding> {
    return this.guard('checking', () => {
      this.output();
      return selectStaged(this.context.session, this.context.rows, { sql, name, limit });
    });
  }

  async finish(): Promise<StagedOutput> {
    return this.guard('copying predictions of', async () => {
      const writer = await this.#copy();
      const { rows, digest } = await writer.end();
      if (rows !== this.#appended) {
        throw new PredawnError(
          'internal',
          'stage.count',
          `The server took ${rows} rows of ${this.#appended}.`,
          {
            hint: 'Nothing was published. Please report this.',
          },
        );
      }
      const { location, target } = this.context;
      this.staged = { location: `${sqlName(target)} in ${location}`, digest, rows };
      return this.staged;
    });
  }

  async duplicateKeys(limit: number): Promise<readonly string[]> {
    return this.guard('looking for duplicate keys of', async () => {
      if (await this.#buildKey()) return [];
      return this.#duplicates(limit);
    });
  }

  /** Throws kind `data`, code `keys.duplicate`, unless the staged rows have their key now. */
  protected async requireKey(): Promise<void> {
    if (!(await this.#buildKey())) throw duplicateKeys(this.context.attempt, await this.#duplicates(5));
  }

  /** Drops what was staged, and makes the session free for other statements that an abort won't stop. */
  async rollback(): Promise<void> {
    await this.context.canceller.disarm();
    const writer = await this.#copying?.catch(() => undefined);
    await writer?.cancel();
    if (this.#copying !== undefined) await this.context.session.query('rollback');
    this.#copying = undefined;
  }

  /** Closes the connection of the rejects. */
  async close(): Promise<void> {
    const client = await this.#rejecting?.catch(() => undefined);
    if (client !== undefined) await closeSession(client);
  }

  /** What it keeps stays, whatever becomes of the transaction that stages. */
  #keeping(): Promise<pg.Client> {
    const { url, location, applicationName } = this.context;
    return (this.#rejecting ??= openSession(url, location, applicationName));
  }

  #copy(): Promise<CopyWriter> {
    return (this.#copying ??= this.#beginCopy());
  }

  async #beginCopy(): Promise<CopyWriter> {
    const { session, lockSeconds, layout, checks, rows, attempt } = this.context;
    await begin(session, lockSeconds);
    await session.query(createRowsTable(rows, layout, checks, constantsOf(attempt)));
    return new CopyWriter(session, copyInto(rows, attempt));
  }

  /** Returns whether the keys are unique. Built after the rows are in, which is three times as fast. */
  async #buildKey(): Promise<boolean> {
    if (this.#keyed) return true;
    this.output();
    const { session, rows, layout } = this.context;
    await session.query('savepoint before_key');
    try {
      await session.query(addKey(rows, layout));
    } catch (error) {
      const state = sqlState(error);
      if (state !== UNIQUE_VIOLATION && state !== LIMIT_EXCEEDED) throw error;
      await session.query('rollback to savepoint before_key');
      if (state === LIMIT_EXCEEDED) throw await longestKey(session, rows, columnsOf(layout, 'key'));
      return false;
    }
    // Without statistics, comparing with the present slice takes three times as long, and so do the first readers. Rough
    // ones do until autovacuum makes its own.
    await session.query(
      `select set_config('default_statistics_target', least(current_setting('default_statistics_target')::integer, 10)::text, true);
       analyze ${sqlName(rows)}`,
    );
    this.#keyed = true;
    await failpoint('key built');
    return true;
  }

  #duplicates(limit: number): Promise<readonly string[]> {
    const { session, rows, layout } = this.context;
    return findDuplicates(session, rows, columnsOf(layout, 'key'), limit);
  }

  protected output(): StagedOutput {
    if (this.staged !== undefined) return this.staged;
    throw new PredawnError('internal', 'stage.unfinished', 'The stage is asked before it was finished.');
  }

  protected async guard<T>(doing: string, work: () => Promise<T>): Promise<T> {
    const { signal, lost, location, attempt } = this.context;
    signal.throwIfAborted();
    lost.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      // What an abort stopped fails with some error of the server's; the reason is the abort's.
      if (signal.aborted && this.phase === 'staging') throw signal.reason;
      throw translate(error, { location, doing: `${doing} ${attempt.job} for ${attempt.asOf}` });
    }
  }
}

/** SQL that copies an attempt's encoded blocks into a table of its rows. */
export function copyInto(rows: QualifiedName, { target, canary }: Attempt): string {
  // The encoder's order, which is the job's; the table may have another.
  const roles = canary === undefined ? [] : (['artefact'] as const);
  const columns = columnList(columnsOf(layoutOf(target), 'key', 'output', ...roles));
  return `copy ${sqlName(rows)} (${columns}) from stdin (format binary)`;
}

function duplicateKeys({ job, asOf }: Attempt, keys: readonly string[]): PredawnError {
  return new PredawnError(
    'data',
    'keys.duplicate',
    `Some keys of ${job} for ${asOf} occur more than once: ${keys.join(' | ')}.`,
    { hint: 'Remove the duplicates from the input, or add a column to key in the job file.' },
  );
}
