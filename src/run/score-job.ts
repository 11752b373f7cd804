import { failpoint } from '../domain/failpoint.js';
import type { GateResult } from '../domain/job-gates.js';
import type {
  ComparedStage,
  Publication,
  PublishedSlice,
  RowStage,
  Stage,
  StagedOutput,
} from '../domain/publication.js';
import type { Receipt } from '../domain/receipt.js';
import { describeAttempt, describeTarget, type RunFacts, scoringPlan } from './attempt.js';
import { requireRows } from './await-input.js';
import { beginRun } from './begin-run.js';
import { bindJob } from './bind-job.js';
import { cannotPublish } from './cannot-publish.js';
import { completeReceipt, type Disposition, unchangedReceipt } from './complete-receipt.js';
import { describeRun } from './describe-run.js';
import { startEarly } from './early-threads.js';
import { explainDifferences } from './explain-differences.js';
import { passGates } from './pass-gates.js';
import { readAhead } from './read-ahead.js';
import { sameReplay, withReplay } from './replay.js';
import { type Beside, openBeside } from './rollout/beside.js';
import { prepareCandidate } from './rollout/prepare-candidate.js';
import { sameRollout } from './rollout/same-rollout.js';
import { withRollout } from './rollout/with-rollout.js';
import type { RunContext, RunRequest } from './run-request.js';
import { openPool } from './scorer-pool.js';
import type { Services } from './services.js';
import { beginStage, timed } from './stages.js';
import { stageInOrder } from './stage-in-order.js';
import { startTally, type Tally } from './tally.js';
import { using } from './using.js';
import { openVerifiedModel } from './verified-model.js';

/** Of every output, in a comparison. */
const LARGEST_DIFFERENCES = 10;

/**
 * Scores one job for one data date and publishes the predictions: the whole program on one page.
 *
 * @returns the receipt. Its outcome is `unchanged` where this very input was published before, `dry-run` where
 *   nothing was to be published.
 * @throws PredawnError for every expected failure; nothing was published then (but see kind `unresolved`).
 */
export async function scoreJob(request: RunRequest, context: RunContext): Promise<Receipt> {
  const { settings, job } = request;
  const { services, signal } = context;

  const { date, expectedRows, registry, artefact } = await beginRun(request, context);
  await failpoint('run begun');

  const begun = { registry, request, context, live: artefact, asOf: date.asOf };
  return withRollout(begun, (rollout, stopped) =>
    using(timed('model', context, openVerifiedModel(artefact, services)), (model) =>
      using(timed('input', context, services.openSource({ settings, job, ...date, signal })), (source) =>
        using(startEarly(source, request, services.workerEntry), async ({ threads }) => {
          const binding = await bindJob(job, artefact, source);
          const target = describeTarget(job, artefact, binding);

          return using(openDestination(request, services), async (publication) => {
            const description = describeRun(job, artefact, source, binding, publication);
            context.onEvent({ kind: 'described', description });
            const problems = await timed('destination', context, publication.check(target));
            if (problems.length > 0) throw cannotPublish(job, publication, problems);

            const attempt = describeAttempt(request, context, date, artefact, target, rollout);
            const prepared = rollout && prepareCandidate(rollout, job, source, binding);
            const opened = beginStage('attempt', context);
            const read = { request, context, date, artefact, model, source, binding, publication, attempt };
            return withReplay({ ...read, threads, expectedRows, rollout, prepared, stopped }, (facts) =>
              request.compare === true
                ? publication.withComparison(attempt, signal, (stage) => scoreAndCompare(stage, facts))
                : publication.withAttempt(attempt, signal, (stage) => {
                    opened();
                    return scoreAndPublish(stage, facts);
                  }),
            );
          });
        }),
      ),
    ),
  );
}

/** The part of a run that holds the lock of its date. */
async function scoreAndPublish(stage: Stage, facts: RunFacts): Promise<Receipt> {
  const { request, context, source } = facts;
  sayStarted(facts);
  await failpoint('attempt opened');

  const published = publishedBefore(stage, facts);
  if (published !== undefined && (await source.fingerprint(context.signal)) === published.inputFingerprint) {
    return recordUnchanged(stage, facts, published);
  }

  return using(openBeside(facts, !keepsNothing(request)), async (beside) => {
    const tally = await timed('score', context, scoreInto(stage, facts, beside));
    const staged = await timed('stage', context, stage.finish());
    await failpoint('rows staged');
    const input = request.limit === undefined ? await source.summary() : undefined;
    if (published !== undefined && input?.fingerprint === published.inputFingerprint) {
      await beside.unchanged();
      return recordUnchanged(stage, facts, published);
    }

    requireRows(facts, tally);
    const gates = await timed('gates', context, gate(stage, facts, tally, staged));
    await failpoint('gates passed');
    const rollout = await beside.settle(input);
    const complete = (disposition: Disposition) =>
      completeReceipt(facts, { tally, staged, input, stage, rollout, gates }, disposition);
    if (request.dryRun || request.limit !== undefined) return complete({ kind: 'dry-run' });

    context.signal.throwIfAborted();
    if (request.stageOnly === true) return stage.keep((kept) => complete({ kind: 'staged', ...kept }));
    context.onEvent({ kind: 'publishing', rows: staged.rows });
    const publishing = stage.publish((changed) => complete({ kind: 'published', publishing: changed }));
    return timed('publish', context, publishing);
  });
}

/** Scores and gates as a run does, to say what publishing would change and why. */
async function scoreAndCompare(stage: ComparedStage, facts: RunFacts): Promise<Receipt> {
  const { context } = facts;
  sayStarted(facts);
  return using(openBeside(facts, false), async (beside) => {
    const tally = await timed('score', context, scoreInto(stage, facts, beside));
    const staged = await timed('stage', context, stage.finish());
    const input = await facts.source.summary();
    requireRows(facts, tally);
    const gates = await timed('gates', context, gate(stage, facts, tally, staged));
    const figures = { tally, staged, input, stage, gates, rollout: await beside.settle(input) };
    const receipt = completeReceipt(facts, figures, { kind: 'dry-run' });
    const comparison = await stage.compare(LARGEST_DIFFERENCES);
    return { ...receipt, comparison: explainDifferences(receipt, stage.current, comparison) };
  });
}

function sayStarted({ context, attempt, date, source }: RunFacts): void {
  context.onEvent({
    kind: 'started',
    attemptId: attempt.id,
    asOf: date.asOf,
    artefact: attempt.artefact,
    expectedBytes: source.expectedBytes,
  });
}

/** Reads, scores and stages every block. */
async function scoreInto(stage: RowStage, facts: RunFacts, beside: Beside): Promise<Tally> {
  const { request, context, source, replay } = facts;
  const tally = startTally();
  let bytes = 0;
  const input = await readAhead(source.blocks(context.signal));
  const plan = scoringPlan(facts, stage, beside.plan);
  const workers = input.ended ? 0 : request.settings.workers;

  const started = facts.threads;
  await using(openPool(plan, { ...context.services, workers, started, model: facts.model }), async (pool) => {
    const kept = replay?.withoutRejects(stage) ?? stage;
    const staged = stageInOrder(input.blocks, pool, source, kept, context.signal);
    for await (const { block, rejects } of staged) {
      await failpoint('block staged');
      await beside.take(block);
      if (replay === undefined) tally.add(block, rejects);
      else replay.setAside(block, tally);
      bytes += block.bytes;
      const { scored, rejected } = tally.read();
      context.onEvent({ kind: 'scored', rows: scored, rejected, bytes });
      if (scored >= (request.limit ?? Infinity)) break;
    }
  });
  await replay?.score(stage, tally);
  return tally.read();
}

function gate(
  stage: RowStage,
  { request, context, date, attempt }: RunFacts,
  tally: Tally,
  staged: StagedOutput,
): Promise<readonly GateResult[]> {
  const { settings, job, accept, limit } = request;
  const rejectsLocation = keepsNothing(request) ? undefined : stage.rejectsLocation;
  const { artefact } = attempt;
  const asked = { settings, job, asOf: date.asOf, artefact, accept, isWhole: limit === undefined };
  return passGates(asked, { stage, tally, staged, rejectsLocation }, context);
}

/** The slice's publication, if it came from the same artefact and job file: then only the input may differ. */
function publishedBefore(
  stage: Stage,
  { request, attempt, rollout, replay }: RunFacts,
): PublishedSlice | undefined {
  const { current } = stage;
  if (current?.inputFingerprint === undefined || request.force) return undefined;
  const same = current.artefactDigest === attempt.artefactDigest && current.jobDigest === attempt.jobDigest;
  const replayed = sameReplay(current.receipt.replay, replay);
  return same && replayed && sameRollout(current.receipt.rollout, rollout) ? current : undefined;
}

async function recordUnchanged(stage: Stage, facts: RunFacts, published: PublishedSlice): Promise<Receipt> {
  const receipt = unchangedReceipt(facts, published);
  await stage.unchanged(receipt);
  return receipt;
}

function openDestination(request: RunRequest, services: Services): Promise<Publication> {
  const real = request.compare === true || !keepsNothing(request);
  return real ? services.openPublication(request.settings) : services.openScratchPublication();
}

function keepsNothing({ dryRun, limit, compare }: RunRequest): boolean {
  return dryRun || limit !== undefined || compare === true;
}
