import { bind } from '../../domain/binding.js';
import { PredawnError } from '../../domain/errors.js';
import type { Job, Settings } from '../../domain/job.js';
import type { LedgerEntry } from '../../domain/ledger.js';
import type { Publication } from '../../domain/publication.js';
import type { AttemptStatus } from '../../domain/receipt.js';
import type { Artefact } from '../../domain/registry.js';
import type { AttemptReference, ShardOutcome } from '../../domain/sharded-publication.js';
import { missingShards, type ShardedAttempt, type ShardPlan } from '../../domain/shards.js';
import type { Source } from '../../domain/source.js';
import type { Tally } from '../../domain/tally.js';
import { artefactLabel, describeTarget } from '../attempt.js';
import { fixDate } from '../fix-date.js';
import type { RunContext } from '../run-request.js';
import type { Services } from '../services.js';
import { using } from '../using.js';
import { openVerifiedModel } from '../verified-model.js';
import { findSharded, requireSame } from './find-sharded.js';
import { scoreShards } from './score-shards.js';

export interface ScoreRequest {
  readonly settings: Settings;
  readonly job: Job;
  readonly attempt: LedgerEntry;
  /** Counted from 0. */
  readonly shard: number;
}

/** What became of one shard, and of the others meanwhile. */
export interface ShardReport {
  readonly outcome: ShardOutcome['kind'];
  readonly attempt: AttemptReference;
  readonly status: AttemptStatus;
  readonly shard: number;
  readonly shards: number;
  readonly missing: readonly number[];
  /** Where it was committed now. */
  readonly tally: Tally | undefined;
}

/**
 * Scores one shard of an attempt and commits it, unless that was done or the attempt has ended: then nothing is read.
 *
 * @throws PredawnError kind `usage` for a shard that the attempt does not have, `configuration`, code `attempt.changed`,
 *   where this machine would score something else, `input`, code `input.changed`, where the shard is not what was planned
 */
export async function scoreOneShard(request: ScoreRequest, context: RunContext): Promise<ShardReport> {
  const { settings, attempt, shard } = request;
  // What was planned when it was published already has no shards.
  if (attempt.status === 'unchanged') return nothingToScore(request);
  return using(context.services.openPublication(settings), async (publication) => {
    const sharded = await findSharded(publication, attempt);
    requireShard(sharded, shard);
    const needed = sharded.status === 'open' && missingShards(sharded).includes(shard);
    const outcome = needed ? await score(request, context, publication, sharded.plan) : undefined;
    return report(request, await findSharded(publication, attempt), outcome);
  });
}

async function score(
  { settings, job, shard }: ScoreRequest,
  context: RunContext,
  publication: Publication,
  plan: ShardPlan,
): Promise<ShardOutcome> {
  const { services, signal } = context;
  const { attempt } = plan;
  const { environment } = settings;
  const basis = { environment: environment.name, jobDigest: job.digest, versions: services.versions };
  requireSame(plan, job, basis);
  const request = { settings, job, date: attempt.asOf, dryRun: false, force: true, limit: undefined };
  const date = fixDate(job, request, context.now());
  const artefact = await pinnedArtefact(settings, services, plan);
  requireSame(plan, job, { artefactDigest: artefact.digest });

  return using(openVerifiedModel(artefact, services), (model) =>
    using(services.openSource({ settings, job, ...date, signal }), async (source) => {
      const binding = bindAsPlanned(plan, job, artefact, source);
      const facts = { request, context, artefact, model, source, binding, publication };
      const [outcome] = await scoreShards(facts, plan, [shard]);
      return outcome!;
    }),
  );
}

/** The version that the attempt was planned with, wherever the alias points by now. */
async function pinnedArtefact(settings: Settings, services: Services, plan: ShardPlan): Promise<Artefact> {
  const [name, version] = plan.attempt.artefact.split(/@(?=\d+$)/);
  const registry = await services.openRegistry(settings);
  return registry.load(name!, Number(version));
}

function bindAsPlanned(plan: ShardPlan, job: Job, artefact: Artefact, source: Source) {
  const binding = bind(job, artefact.manifest.signature, source.description, {
    modelLabel: artefactLabel(artefact),
    sourceLabel: source.location,
  });
  requireSame(plan, job, { target: describeTarget(job, artefact, binding) });
  return binding;
}

function report(
  { attempt, shard }: ScoreRequest,
  after: ShardedAttempt,
  outcome: ShardOutcome | undefined,
): ShardReport {
  const found = after.status === 'open' ? 'present' : 'late';
  return {
    outcome: outcome?.kind ?? found,
    attempt,
    status: after.status,
    shard,
    shards: after.plan.input.shards.length,
    missing: after.status === 'open' ? missingShards(after) : [],
    tally: outcome?.kind === 'committed' ? outcome.tally : undefined,
  };
}

function nothingToScore({ attempt, shard }: ScoreRequest): ShardReport {
  const none = { shards: 0, missing: [], tally: undefined };
  return { outcome: 'late', attempt, status: attempt.status, shard, ...none };
}

function requireShard({ plan }: ShardedAttempt, shard: number): void {
  const count = plan.input.shards.length;
  if (shard < count) return;
  throw new PredawnError(
    'usage',
    'shard.unknown',
    `Attempt ${plan.attempt.id} has no shard ${shard}: it has ${count}.`,
    {
      hint: `Shards are counted from 0 to ${count - 1}.`,
    },
  );
}
