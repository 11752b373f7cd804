import type { RolloutReport, ScoreColumnDifference } from '../../domain/rollout.js';
import type { ScoreComparison } from '../gate/comparison.js';
import { populationShift } from '../profile/population-shift.js';
import { startRowSample } from '../gate/row-sample.js';
import { labelOutputs, pairScores, type PublishedOutputs } from '../gate/score-columns.js';
import { startTally, type Tally } from '../tally.js';
import type { CandidateOutcome } from './candidate-plan.js';

/** What was seen of a candidate so far. */
export interface CandidateFigures {
  readonly problem: RolloutReport['problem'];
  readonly tally: Tally;
  readonly comparison: ScoreComparison;
  readonly differences: readonly ScoreColumnDifference[];
}

export interface CandidateWatch {
  add(outcome: CandidateOutcome): void;
  /** Whatever else went wrong with it; the first problem counts. */
  fail(problem: NonNullable<RolloutReport['problem']>): void;
  readonly problem: RolloutReport['problem'];
  read(): CandidateFigures;
}

/** Adds up what a candidate gave, block by block; what it holds is a sample of rows, whatever the input's size. */
export function watchCandidate(candidate: PublishedOutputs, live: PublishedOutputs): CandidateWatch {
  const { pairs, unpaired } = pairScores(candidate, live);
  const labels = [labelOutputs(candidate.signature).length, labelOutputs(live.signature).length];
  const sample = startRowSample(2 * pairs.length);
  const sums = pairs.map(() => ({ rows: 0, total: 0, largest: 0 }));
  const tally = startTally();
  let problem: RolloutReport['problem'] = null;
  let changed = 0;

  function shiftOf(index: number): number {
    const [own, theirs] = [sample.column(2 * index), sample.column(2 * index + 1)];
    return own.length === 0 ? 0 : populationShift(theirs, own);
  }

  return {
    add(outcome) {
      if ('problem' in outcome) {
        problem ??= outcome.problem;
        return;
      }
      tally.add(outcome, outcome.rejects);
      changed += outcome.changedLabels;
      const { rows, scores } = outcome;
      sample.offer(rows, (column, row) => scores[column]![row]!);
      for (const [index, sum] of sums.entries()) {
        addDistances(sum, scores[2 * index]!, scores[2 * index + 1]!);
      }
    },
    fail(found) {
      problem ??= found;
    },
    get problem() {
      return problem;
    },
    read() {
      const shifts = pairs.map(({ name }, index) => ({ column: name, psi: shiftOf(index) }));
      return {
        problem,
        tally: tally.read(),
        comparison: {
          rows: tally.read().scored,
          shifts: [...shifts].sort((a, b) => b.psi - a.psi),
          unpaired,
          changedLabels: labels[0] !== labels[1] ? 'incomparable' : labels[0] === 0 ? undefined : changed,
        },
        differences: shifts.map(({ column, psi }, index) => {
          const { rows, total, largest } = sums[index]!;
          const known = rows > 0;
          return {
            ...{ column, psi },
            mean_difference: known ? total / rows : null,
            max_difference: known ? largest : null,
          };
        }),
      };
    },
  };
}

function addDistances(
  sum: { rows: number; total: number; largest: number },
  candidate: Float64Array,
  live: Float64Array,
): void {
  for (let row = 0; row < candidate.length; row++) {
    const difference = candidate[row]! - live[row]!;
    if (!Number.isFinite(difference)) continue;
    sum.rows++;
    sum.total += difference;
    sum.largest = Math.max(sum.largest, Math.abs(difference));
  }
}
