import { PredawnError } from '../../domain/errors.js';
import type { Job } from '../../domain/job.js';
import type { Publication } from '../../domain/publication.js';
import type { AttemptReference } from '../../domain/sharded-publication.js';
import type { ShardedAttempt, ShardPlan } from '../../domain/shards.js';
import { type AttemptBasis, changesSince } from './same-attempt.js';

/** An attempt in shards by its id. Throws kind `usage`, code `attempt.in_one_piece`, for one that has none. */
export async function findSharded(
  publication: Publication,
  reference: AttemptReference,
): Promise<ShardedAttempt> {
  const sharded = await publication.shards.find(reference);
  if (sharded !== undefined) return sharded;
  throw new PredawnError(
    'usage',
    'attempt.in_one_piece',
    `Attempt ${reference.attemptId} of ${reference.job} is in one piece: it has no shards.`,
    { hint: `Plan an attempt in shards: predawn plan ${reference.job} --date ${reference.asOf} --shards 8` },
  );
}

/** Throws kind `configuration`, code `attempt.changed`, unless the attempt is what one would plan here and now. */
export function requireSame(plan: ShardPlan, job: Job, basis: Partial<AttemptBasis>): void {
  const changed = changesSince(plan, basis);
  if (changed.length === 0) return;
  const { attempt, input } = plan;
  throw new PredawnError(
    'configuration',
    'attempt.changed',
    `${job.name} for ${attempt.asOf}: attempt ${attempt.id} was planned with other things than there are here: ${changed.join(', ')}.`,
    {
      hint: `Give every machine the same files, or plan anew: predawn plan ${job.name} --date ${attempt.asOf} --shards ${input.shards.length}`,
    },
  );
}
