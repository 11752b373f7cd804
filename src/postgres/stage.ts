import { failpoint } from '../domain/failpoint.js';
import type { Publishing, Stage } from '../domain/publication.js';
import type { Receipt } from '../domain/receipt.js';
import { recordReceipt, requireOpen } from './attempts.js';
import { commitWork } from './commit.js';
import { sqlName } from './names.js';
import { findOrCreateTarget, publishRows } from './publish.js';
import { PostgresRowStage } from './row-stage.js';

const RUN_AGAIN = 'Run it again: if it was published, that says so and changes nothing.';

/** An attempt that is open in the ledger: what it staged can be published, or kept. */
export class PostgresStage extends PostgresRowStage implements Stage {
  publish(complete: (publishing: Publishing) => Receipt): Promise<Receipt> {
    return this.#commit('publishing', 'published', async () => {
      const { attempt, session, rows } = this.context;
      const publishing = await publishRows(session, attempt.target, {
        job: attempt.job,
        asOf: attempt.asOf,
        attemptId: attempt.id,
        rows,
        whole: true,
        expected: this.output().rows,
        retain: attempt.retain,
        move: { requestId: attempt.id, action: 'publish', by: attempt.by, reason: undefined },
      });
      await failpoint('slice changed');
      const receipt = complete(publishing);
      await recordReceipt(session, attempt.id, 'published', receipt);
      await failpoint('ledger written');
      return receipt;
    });
  }

  keep(complete: (kept: { readonly location: string }) => Receipt): Promise<Receipt> {
    return this.#commit('staging', 'staged', async () => {
      const { attempt, session, rows, location } = this.context;
      // What is published later is published to a table that is there.
      await findOrCreateTarget(session, attempt.target);
      const receipt = complete({ location: `${sqlName(rows)} in ${location}` });
      await recordReceipt(session, attempt.id, 'staged', receipt, sqlName(rows));
      return receipt;
    });
  }

  async unchanged(receipt: Receipt): Promise<void> {
    await this.guard('recording that nothing changed in', async () => {
      await this.rollback();
      await recordReceipt(this.context.session, this.context.attempt.id, 'unchanged', receipt);
      this.phase = 'ended';
    });
  }

  /** Whether the ledger has its last word: published, staged or unchanged. */
  get ended(): boolean {
    return this.phase === 'ended';
  }

  async #commit(
    doing: string,
    status: 'published' | 'staged',
    work: () => Promise<Receipt>,
  ): Promise<Receipt> {
    return this.guard(doing, async () => {
      const { attempt, session, signal, canceller } = this.context;
      await this.requireKey();
      const receipt = await commitWork({
        ...this.context,
        job: attempt.job,
        asOf: attempt.asOf,
        again: RUN_AGAIN,
        work: async () => {
          await requireOpen(session, attempt.id);
          await failpoint('fence passed');
          return work();
        },
        recorded: async (client) => {
          const { rows } = await client.query<{ status: string }>(
            'select status from predawn.attempts where attempt_id = $1',
            [attempt.id],
          );
          return rows[0]?.status === status;
        },
        lastCall: () => {
          signal.throwIfAborted();
          this.phase = 'committing';
          void canceller.disarm();
        },
      });
      this.phase = 'ended';
      return receipt;
    });
  }
}
