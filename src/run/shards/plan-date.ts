import type { Binding } from '../../domain/binding.js';
import { PredawnError } from '../../domain/errors.js';
import type { Attempt, Publication } from '../../domain/publication.js';
import type { Receipt } from '../../domain/receipt.js';
import type { LockedDate } from '../../domain/sharded-publication.js';
import {
  missingShards,
  type ShardedAttempt,
  type ShardedInput,
  type ShardPlan,
} from '../../domain/shards.js';
import type { Source } from '../../domain/source.js';
import { artefactLabel, describeAttempt, describeTarget } from '../attempt.js';
import { bindJob } from '../bind-job.js';
import { cannotPublish } from '../cannot-publish.js';
import { unchangedReceipt } from '../complete-receipt.js';
import { describeRun } from '../describe-run.js';
import type { BegunRun } from '../begin-run.js';
import type { RunContext, ShardedRequest } from '../run-request.js';
import { findRollout } from '../rollout/find-rollout.js';
import { sameRollout } from '../rollout/same-rollout.js';
import { type AttemptBasis, changesSince } from './same-attempt.js';

export interface PlanFacts extends BegunRun {
  readonly request: ShardedRequest;
  readonly context: RunContext;
  readonly source: Source;
  readonly publication: Publication;
  /** The attempt's, if a new one is planned. */
  readonly attemptId: string;
}

/** An attempt to score and publish, or why there is nothing to do. */
export type PlannedDate =
  | { readonly kind: 'planned'; readonly sharded: ShardedAttempt; readonly binding: Binding }
  | { readonly kind: 'unchanged'; readonly receipt: Receipt };

/**
 * Cuts the input and opens an attempt, or goes on with the open one where input, artefact and job file are what they
 * were. Each of its shards is scored by whoever comes.
 *
 * @throws PredawnError kind `usage`, with `resume`: code `resume.nothing` without an open attempt, `resume.changed`
 *   where it can't be gone on with
 */
export async function planDate(locked: LockedDate, facts: PlanFacts): Promise<PlannedDate> {
  const { request, context, artefact, source, publication } = facts;
  const { job } = request;
  const binding = await bindJob(job, artefact, source);
  const target = describeTarget(job, artefact, binding);
  const description = describeRun(job, artefact, source, binding, publication);
  context.onEvent({ kind: 'described', description });
  const problems = await publication.check(target);
  if (problems.length > 0) throw cannotPublish(job, publication, problems);

  const attempt = newAttempt(facts, target);
  const { versions } = context.services;
  const basis: AttemptBasis = {
    environment: attempt.environment,
    inputFingerprint: undefined,
    artefactDigest: attempt.artefactDigest,
    jobDigest: attempt.jobDigest,
    target,
    versions,
  };
  const open = await openAttempt(locked, request, facts, basis);
  const count = open?.plan.input.shards.length ?? request.shards!;
  const input = await source.planShards(count, context.signal);

  const receipt = await publishedBefore(locked, facts, attempt, input, binding);
  if (receipt !== undefined) return { kind: 'unchanged', receipt };

  if (open !== undefined) {
    const changed = changesSince(open.plan, { inputFingerprint: input.summary.fingerprint });
    if (changed.length === 0) return resumed(facts, open, binding);
    if (request.resume) throw cannotResume(facts, open, changed);
  }
  const shards = open === undefined || count === request.shards ? input : undefined;
  const plan: ShardPlan = {
    attempt,
    location: source.location,
    input: await withLeftOut(facts, shards ?? (await source.planShards(request.shards!, context.signal))),
    expectedRows: facts.expectedRows,
    unusedColumns: binding.unusedColumns,
    versions: { predawn: versions.predawn, onnxruntime: versions.onnxruntime },
  };
  await locked.plan(plan);
  const sharded: ShardedAttempt = { plan, status: 'open', manifests: [] };
  say(facts, 'planned', sharded);
  return { kind: 'planned', sharded, binding };
}

function newAttempt(
  { request, context, date, artefact, attemptId }: PlanFacts,
  target: Attempt['target'],
): Attempt {
  const identified = { ...context, newAttemptId: () => attemptId };
  return describeAttempt(request, identified, date, artefact, target);
}

/** The open attempt, unless it is plain already, without its input, that it can't be gone on with. */
async function openAttempt(
  locked: LockedDate,
  { resume }: ShardedRequest,
  facts: PlanFacts,
  basis: AttemptBasis,
): Promise<ShardedAttempt | undefined> {
  const open = await locked.open();
  if (open === undefined) {
    if (resume) throw nothingToResume(facts);
    return undefined;
  }
  const changed = changesSince(open.plan, basis);
  if (changed.length === 0) return open;
  if (resume) throw cannotResume(facts, open, changed);
  return undefined;
}

function resumed(facts: PlanFacts, open: ShardedAttempt, binding: Binding): PlannedDate {
  say(facts, 'resumed', open);
  // What says how many rows there are may have changed since.
  const plan = { ...open.plan, expectedRows: facts.expectedRows };
  return { kind: 'planned', sharded: { ...open, plan }, binding };
}

function say({ context }: PlanFacts, kind: 'planned' | 'resumed', sharded: ShardedAttempt): void {
  const { attempt, input } = sharded.plan;
  const missing = missingShards(sharded);
  context.onEvent({ kind, attemptId: attempt.id, shards: input.shards.length, missing });
}

async function publishedBefore(
  locked: LockedDate,
  facts: PlanFacts,
  attempt: Attempt,
  { summary }: ShardedInput,
  binding: Binding,
): Promise<Receipt | undefined> {
  if (facts.request.force) return undefined;
  const current = await locked.current(attempt);
  const same =
    current !== undefined &&
    current.inputFingerprint === summary.fingerprint &&
    current.artefactDigest === attempt.artefactDigest &&
    current.jobDigest === attempt.jobDigest &&
    sameRollout(current.receipt.rollout, undefined);
  if (!same) return undefined;
  const receipt = unchangedReceipt({ ...facts, attempt, binding }, current);
  await locked.unchanged(attempt, receipt);
  return receipt;
}

/** Each shard is scored by itself, and nobody sees all of what a candidate gives: it is left out, and that is said. */
async function withLeftOut(
  { request, context, registry, artefact }: PlanFacts,
  input: ShardedInput,
): Promise<ShardedInput> {
  const rollout = await findRollout(registry, request.job, request.settings, artefact, context.services);
  if (rollout === undefined) return input;
  const warning = `the ${rollout.state.mode} ${rollout.label} was left out: in shards, all rows are scored with ${artefactLabel(artefact)} alone`;
  const { summary } = input;
  return { ...input, summary: { ...summary, warnings: [...summary.warnings, warning] } };
}

function nothingToResume({ request, date }: PlanFacts): PredawnError {
  const { name } = request.job;
  return new PredawnError(
    'usage',
    'resume.nothing',
    `${name} for ${date.asOf} has no attempt in shards that is open.`,
    { hint: `Begin one: predawn run ${name} --date ${date.asOf} --shards 8` },
  );
}

function cannotResume(
  { request, date }: PlanFacts,
  { plan }: ShardedAttempt,
  changed: readonly string[],
): PredawnError {
  const { name } = request.job;
  const count = plan.input.shards.length;
  return new PredawnError(
    'usage',
    'resume.changed',
    `${name} for ${date.asOf}: attempt ${plan.attempt.id} can't be resumed: ${changed.join(', ')} changed since it was planned.`,
    { hint: `Score the date anew: predawn run ${name} --date ${date.asOf} --shards ${count}` },
  );
}
