import type { Receipt } from '../../domain/receipt.js';
import { missingShards, type ShardPlan } from '../../domain/shards.js';
import { beginRun } from '../begin-run.js';
import type { RunContext, ShardedRequest } from '../run-request.js';
import { using } from '../using.js';
import { planDate } from './plan-date.js';

/** An attempt that waits for its shards, or the receipt of one that found its work done. */
export type PlannedAttempt =
  | { readonly kind: 'planned'; readonly plan: ShardPlan; readonly missing: readonly number[] }
  | { readonly kind: 'unchanged'; readonly receipt: Receipt };

/** Plans an attempt, or finds the open one, and leaves it to others to score its shards. */
export async function planAttempt(request: ShardedRequest, context: RunContext): Promise<PlannedAttempt> {
  const { settings, job } = request;
  const { services, signal } = context;
  const begun = await beginRun(request, context);
  const { date } = begun;
  const attemptId = context.newAttemptId();
  return using(services.openPublication(settings), (publication) =>
    publication.shards.withDate({ id: attemptId, job: job.name, asOf: date.asOf }, signal, (locked) =>
      using(services.openSource({ settings, job, ...date, signal }), async (source) => {
        const facts = { ...begun, ...{ request, context, source, publication, attemptId } };
        const found = await planDate(locked, facts);
        if (found.kind === 'unchanged') return found;
        return { kind: 'planned', plan: found.sharded.plan, missing: missingShards(found.sharded) };
      }),
    ),
  );
}
