import { describeError, PredawnError } from '../../domain/errors.js';
import type { RolloutReport } from '../../domain/rollout.js';
import type { InputSummary } from '../../domain/source.js';
import { describeTarget, type RunFacts } from '../attempt.js';
import { completeReceipt, unchangedReceipt } from '../complete-receipt.js';
import type { Tally } from '../tally.js';
import type { CandidateBlock, CandidatePlan } from './candidate-plan.js';
import type { Rollout } from './find-rollout.js';
import type { PreparedCandidate } from './prepare-candidate.js';
import { openShadowWriter, shadowJob, shadowTable, type ShadowWriter } from './shadow-writer.js';
import type { CandidateWatch } from './watch-candidate.js';

/** A shadow's rows on their way to a table of their own. What goes wrong with them is told to the watch, not thrown. */
export interface ShadowRows {
  /** How the candidate's rows are encoded; undefined where they can't be kept. */
  readonly encoding: CandidatePlan['shadow'];
  append(block: CandidateBlock): Promise<void>;
  publish(tally: Tally, input: InputSummary): Promise<RolloutReport['output']>;
  unchanged(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the attempt of a shadow beside a run's own. */
export async function openShadowRows(
  facts: RunFacts,
  rollout: Rollout,
  prepared: PreparedCandidate,
  watch: CandidateWatch,
): Promise<ShadowRows> {
  const { publication, context } = facts;
  const shadow = shadowFacts(facts, rollout, prepared);
  let writer: ShadowWriter | undefined;

  /** An interruption is the run's, which ends by it anyway. */
  async function attempt<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await work();
    } catch (error) {
      const code = error instanceof PredawnError ? error.code : 'shadow.threw';
      watch.fail({ code, message: describeError(error) });
      await end(error);
      return undefined;
    }
  }

  async function end(reason: unknown): Promise<void> {
    const ending = writer;
    writer = undefined;
    await ending?.end(reason).catch(() => undefined);
  }

  await attempt(async () => {
    writer = await openShadowWriter(publication, shadow.attempt, context.signal);
  });
  const stage = writer?.stage;

  return {
    encoding: stage && { encoder: stage.encoder, hashKeys: stage.hashKeys },
    async append({ shadow: encoded, rows }) {
      if (writer === undefined || encoded === undefined || rows === 0) return;
      await attempt(() => writer!.append({ ...encoded, rows }));
    },
    async publish(tally, input) {
      if (watch.problem !== null)
        await end(new PredawnError('data', watch.problem.code, watch.problem.message));
      if (writer === undefined) return null;
      const published = await attempt(async () => {
        const staged = await writer!.stage.finish();
        const figures = { tally, staged, input, stage: writer!.stage, rollout: undefined };
        await writer!.stage.publish((publishing) =>
          completeReceipt(shadow, figures, { kind: 'published', publishing }),
        );
        await writer!.end();
        writer = undefined;
        return { attempt_id: shadow.attempt.id, location: staged.location, rows: staged.rows };
      });
      return published ?? null;
    },
    async unchanged() {
      const current = writer?.stage.current;
      if (writer === undefined || current === undefined) return;
      await attempt(async () => {
        await writer!.stage.unchanged(unchangedReceipt(shadow, current));
        await writer!.end();
        writer = undefined;
      });
    },
    close: () =>
      end(
        new PredawnError('data', 'shadow.abandoned', 'The run that it belongs to ended without publishing.'),
      ),
  };
}

/** The run as it would be if the candidate were live, under another name and to another table. */
function shadowFacts(
  facts: RunFacts,
  { label }: Rollout,
  { artefact, binding }: PreparedCandidate,
): RunFacts {
  const { request, attempt, context } = facts;
  const { job } = request;
  const target = describeTarget(job, artefact, binding);
  return {
    ...facts,
    artefact,
    binding,
    ...{ rollout: undefined, prepared: undefined, stopped: undefined },
    attempt: {
      ...attempt,
      id: context.newAttemptId(),
      job: shadowJob(job.name),
      artefact: label,
      artefactDigest: artefact.digest,
      target: {
        ...target,
        job: shadowJob(job.name),
        table: shadowTable(target.table),
        description: `What ${label}, which is not live, predicts: its shadow beside ${target.table}; published by predawn job ${job.name}.`,
      },
    },
  };
}
