import type pg from 'pg';
import { PredawnError } from '../domain/errors.js';
import type { Attempt, PublishedSlice } from '../domain/publication.js';
import type { Receipt } from '../domain/receipt.js';
import type { LockedDate, ShardsStage } from '../domain/sharded-publication.js';
import { endsAttempt, requireComplete, type ShardedAttempt, type ShardPlan } from '../domain/shards.js';
import { lossOf } from './attempt-run.js';
import { insertAttempt, recordFailure, recordReceipt, superseded } from './attempts.js';
import type { StatementCanceller } from './cancel.js';
import { applicationName, type AttemptSettings, openingError } from './locked-session.js';
import { rowsTableName, sqlName } from './names.js';
import { type OpenedTarget, openTarget } from './open-target.js';
import { dropUnneeded } from './retention.js';
import { constantsOf, createRowsTable } from './rows-table.js';
import { dropEndedShards, endOvertaken, findOpen, findSharded } from './shard-ledger.js';
import { PostgresShardsStage } from './shards-stage.js';
import { transaction } from './transaction.js';

/** A date of a job, on the connection that holds its lock. */
export class PostgresLockedDate implements LockedDate {
  constructor(
    private readonly settings: AttemptSettings,
    private readonly session: pg.Client,
    private readonly canceller: StatementCanceller,
    private readonly date: { readonly job: string; readonly asOf: string },
    private readonly signal: AbortSignal,
  ) {}

  open(): Promise<ShardedAttempt | undefined> {
    return this.#inOurWords(() => findOpen(this.session, this.date.job, this.date.asOf));
  }

  async current(attempt: Attempt): Promise<PublishedSlice | undefined> {
    return (await this.#target(attempt)).current;
  }

  async plan(plan: ShardPlan): Promise<void> {
    const { attempt } = plan;
    const { target, layout, checks } = await this.#target(attempt);
    const table = rowsTableName(target, 'shards', attempt.asOf, attempt.id);
    await this.#inOurWords(() =>
      transaction(this.session, this.settings.lockSeconds, async () => {
        await endReplaced(this.session, attempt);
        await insertAttempt(this.session, attempt, sqlName(target), { plan, table: sqlName(table) });
        await this.session.query(createRowsTable(table, layout, checks, constantsOf(attempt)));
      }),
    );
    await this.#clean(attempt);
  }

  async unchanged(attempt: Attempt, receipt: Receipt): Promise<void> {
    const { target } = await this.#target(attempt);
    await this.#inOurWords(() =>
      transaction(this.session, this.settings.lockSeconds, async () => {
        await insertAttempt(this.session, attempt, sqlName(target));
        await recordReceipt(this.session, attempt.id, 'unchanged', receipt);
      }),
    );
  }

  async publish<T>(sharded: ShardedAttempt, work: (stage: ShardsStage) => Promise<T>): Promise<T> {
    const { attempt } = sharded.plan;
    const { session, settings, canceller, signal } = this;
    const found = await this.#inOurWords(() => findSharded(session, attempt.id));
    if (found?.status !== 'open') throw superseded(attempt.id, found?.status);
    requireComplete(found);
    const opened = await this.#target(attempt);
    const stage = new PostgresShardsStage(
      {
        ...settings,
        ...opened,
        ...{ session, canceller, signal, attempt },
        applicationName: applicationName(attempt),
        lost: lossOf(session, settings, attempt),
        rows: rowsTableName(opened.target, 'staged', attempt.asOf, attempt.id),
        keepRejects: true,
      },
      rowsTableName(opened.target, 'shards', attempt.asOf, attempt.id),
      found.manifests,
    );
    try {
      return await work(stage);
    } catch (error) {
      await stage.rollback().catch(() => undefined);
      if (error instanceof PredawnError && endsAttempt(error))
        await recordFailure(session, attempt.id, error).catch(() => undefined);
      throw error;
    } finally {
      await stage.rollback().catch(() => undefined);
      await stage.close();
      await this.#clean(attempt);
    }
  }

  async fail({ plan: { attempt } }: ShardedAttempt, error: unknown): Promise<void> {
    await this.canceller.disarm();
    await this.#inOurWords(() => recordFailure(this.session, attempt.id, error));
    await this.#clean(attempt);
  }

  #target(attempt: Attempt): Promise<OpenedTarget> {
    return this.#inOurWords(() => openTarget(this.session, this.settings.location, attempt, true));
  }

  /** Best effort: what can't be removed now is removed after a later attempt of the date. */
  async #clean({ job, asOf, retain }: Attempt): Promise<void> {
    try {
      await endOvertaken(this.session, job, asOf);
      await dropUnneeded(this.session, job, asOf, retain);
      await dropEndedShards(this.session, job, asOf);
    } catch {
      return;
    }
  }

  async #inOurWords<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof PredawnError) throw error;
      throw openingError(error, this.settings, this.date, this.signal);
    }
  }
}

async function endReplaced(session: pg.Client, { id, job, asOf }: Attempt): Promise<void> {
  await session.query(
    `update predawn.attempts set status = 'failed', finished_at = clock_timestamp(), error_kind = 'unavailable',
       error_code = 'attempt.superseded', error_message = 'Attempt ' || $3 || ' was planned in its place.'
     where job = $1 and as_of = $2::date and status = 'open' and shard_plan is not null`,
    [job, asOf, id],
  );
}
