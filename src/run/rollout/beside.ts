import { describeError, PredawnError } from '../../domain/errors.js';
import type { RolloutReport } from '../../domain/rollout.js';
import type { InputSummary } from '../../domain/source.js';
import { artefactLabel, type RunFacts } from '../attempt.js';
import type { ScoredBlock } from '../block-scorer.js';
import { canaryChecks } from './canary-checks.js';
import { canaryFailure } from './canary-failure.js';
import type { CandidatePlan } from './candidate-plan.js';
import type { Rollout } from './find-rollout.js';
import type { PreparedCandidate } from './prepare-candidate.js';
import { openShadowRows, type ShadowRows } from './shadow-rows.js';
import { type CandidateWatch, watchCandidate } from './watch-candidate.js';

/** The candidate's side of a run: nothing of it where nothing is tried out. */
export interface Beside {
  readonly plan: CandidatePlan | undefined;
  /** Takes what the candidate gave for the next block. Throws kind `canary` as soon as it can't go on with one. */
  take(block: ScoredBlock): Promise<void>;
  /**
   * Judges the candidate and publishes a shadow's rows. Undefined where nothing is tried out.
   *
   * @param input undefined where it was not read to its end: then nothing is judged
   * @throws PredawnError kind `canary` for a canary that does not hold
   */
  settle(input: InputSummary | undefined): Promise<RolloutReport | undefined>;
  /** For a run that found its work done. */
  unchanged(): Promise<void>;
  /** Ends what was not settled. Never throws. */
  close(): Promise<void>;
}

const NOTHING: Beside = {
  plan: undefined,
  take: () => Promise.resolve(),
  settle: () => Promise.resolve(undefined),
  unchanged: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

/** Opens what is tried out in a run. `keepsRows`: whether a shadow's rows are published. */
export async function openBeside(facts: RunFacts, keepsRows: boolean): Promise<Beside> {
  const { rollout, prepared } = facts;
  if (rollout === undefined || prepared === undefined) return NOTHING;
  if (prepared instanceof PredawnError) return unusable(facts, rollout, prepared);
  const watch = watchCandidate(
    { signature: prepared.artefact.manifest.signature, outputs: prepared.outputs },
    { signature: facts.artefact.manifest.signature, outputs: facts.binding.outputs },
  );
  const shadow =
    rollout.state.mode === 'shadow' && keepsRows
      ? await openShadowRows(facts, rollout, prepared, watch)
      : undefined;
  return beside(facts, rollout, prepared, watch, shadow);
}

function beside(
  facts: RunFacts,
  rollout: Rollout,
  prepared: PreparedCandidate,
  watch: CandidateWatch,
  shadow: ShadowRows | undefined,
): Beside {
  return {
    plan: candidatePlan(facts, rollout, prepared, shadow),
    async take({ candidate }) {
      if (candidate === undefined) return;
      watch.add(candidate);
      if (watch.problem !== null && rollout.state.mode === 'canary')
        throw failure(facts, rollout, problemReport(rollout, watch.problem));
      if (!('problem' in candidate)) await shadow?.append(candidate);
    },
    async settle(input) {
      const { mode } = rollout.state;
      const figures = watch.read();
      const environment = facts.request.settings.environment.name;
      const checks =
        mode === 'canary' && input !== undefined
          ? canaryChecks({ rules: rollout.rules, figures, live: artefactLabel(facts.artefact), environment })
          : [];
      const output = input === undefined ? null : ((await shadow?.publish(figures.tally, input)) ?? null);
      const { problem } = watch;
      const { read, scored, rejected } = figures.tally;
      const failed = problem !== null || checks.some(({ status }) => status === 'failed');
      const judged = mode === 'canary' && input !== undefined && read >= rollout.rules.minRows;
      const { changedLabels } = figures.comparison;
      const report: RolloutReport = {
        ...identityOf(rollout),
        outcome: failed ? 'failed' : judged ? 'passed' : 'not_judged',
        problem,
        rows: { read, scored, rejected },
        changed_labels: typeof changedLabels === 'number' ? changedLabels : null,
        differences: figures.differences,
        checks,
        output,
      };
      if (failed && mode === 'canary') throw failure(facts, rollout, report);
      return report;
    },
    unchanged: async () => shadow?.unchanged(),
    close: async () => shadow?.close(),
  };
}

/** A shadow that can't be scored with is reported; with such a canary the run begins anew without it. */
function unusable(facts: RunFacts, rollout: Rollout, error: PredawnError): Beside {
  const report = problemReport(rollout, { code: error.code, message: describeError(error) });
  if (rollout.state.mode === 'canary') throw failure(facts, rollout, report);
  return { ...NOTHING, settle: () => Promise.resolve(report) };
}

function failure({ request, attempt }: RunFacts, { label }: Rollout, report: RolloutReport): PredawnError {
  return canaryFailure(`${request.job.name} ${attempt.asOf}`, label, { attemptId: attempt.id, report });
}

function problemReport(rollout: Rollout, problem: NonNullable<RolloutReport['problem']>): RolloutReport {
  return {
    ...identityOf(rollout),
    ...{ outcome: 'failed', problem, rows: { read: 0, scored: 0, rejected: 0 } },
    ...{ changed_labels: null, differences: [], checks: [], output: null },
  };
}

function identityOf({ state: { mode, version, digest, share } }: Rollout) {
  return { mode, candidate: { version, digest }, share };
}

function candidatePlan(
  { artefact, binding }: RunFacts,
  { state: { mode, share } }: Rollout,
  { artefact: candidate, outputs, joined }: PreparedCandidate,
  shadow: ShadowRows | undefined,
): CandidatePlan {
  return {
    ...{ mode, share, name: candidate.manifest.name },
    signature: candidate.manifest.signature,
    model: candidate.model,
    outputs,
    live: { signature: artefact.manifest.signature, outputs: binding.outputs },
    joined,
    shadow: shadow?.encoding,
  };
}
