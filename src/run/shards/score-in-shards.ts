import { PredawnError } from '../../domain/errors.js';
import type { Receipt } from '../../domain/receipt.js';
import type { LockedDate } from '../../domain/sharded-publication.js';
import { endsAttempt, missingShards, type ShardedAttempt } from '../../domain/shards.js';
import { beginRun } from '../begin-run.js';
import type { RunContext, ShardedRequest } from '../run-request.js';
import { timed } from '../stages.js';
import { using } from '../using.js';
import { openVerifiedModel } from '../verified-model.js';
import { planDate } from './plan-date.js';
import { publishShards } from './publish-shards.js';
import { type ShardFacts, scoreShards } from './score-shards.js';

/**
 * A run in shards, under the lock of its date from its beginning to its end: plans the attempt or goes on with the one
 * that died, scores the shards that are missing, publishes all of them. Others may score shards of it meanwhile.
 *
 * @returns the receipt, as `scoreJob` does
 * @throws PredawnError for every expected failure; nothing was published then (but see kind `unresolved`), and what is
 *   committed stays, for the next run, unless `endsAttempt` of the error
 */
export async function scoreInShards(request: ShardedRequest, context: RunContext): Promise<Receipt> {
  const { settings, job } = request;
  const { services, signal } = context;

  const begun = await beginRun(request, context);
  const { date, artefact } = begun;
  const attemptId = context.newAttemptId();

  return using(timed('model', context, openVerifiedModel(artefact, services)), (model) =>
    using(services.openPublication(settings), (publication) =>
      publication.shards.withDate(
        { id: attemptId, job: job.name, asOf: date.asOf },
        signal,
        async (locked) => {
          const planned = await using(
            timed('input', context, services.openSource({ settings, job, ...date, signal })),
            async (source) => {
              const facts = {
                ...begun,
                ...{ request, context, model, source, publication, attemptId },
              };
              const found = await planDate(locked, facts);
              if (found.kind === 'planned')
                await scoreMissing(locked, { ...facts, binding: found.binding }, found.sharded);
              return found;
            },
          );
          if (planned.kind === 'unchanged') return planned.receipt;
          const stageOnly = request.stageOnly ?? false;
          const asked = { settings, job, stageOnly, accept: request.accept };
          return timed(
            'publish',
            context,
            publishShards(locked, publication, planned.sharded, asked, context),
          );
        },
      ),
    ),
  );
}

async function scoreMissing(locked: LockedDate, facts: ShardFacts, sharded: ShardedAttempt): Promise<void> {
  const { context, source } = facts;
  const { attempt } = sharded.plan;
  context.onEvent({
    kind: 'started',
    attemptId: attempt.id,
    asOf: attempt.asOf,
    artefact: attempt.artefact,
    expectedBytes: source.expectedBytes,
  });
  try {
    await timed('score', context, scoreShards(facts, sharded.plan, missingShards(sharded)));
  } catch (error) {
    // It would fail again in the same way: there is nothing to go on with.
    if (error instanceof PredawnError && endsAttempt(error))
      await locked.fail(sharded, error).catch(() => undefined);
    throw error;
  }
}
