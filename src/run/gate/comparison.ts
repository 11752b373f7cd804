import type { PredawnError } from '../../domain/errors.js';
import { populationShift } from '../profile/population-shift.js';
import { startRowSample } from './row-sample.js';
import {
  countChangedLabels,
  labelOutputs,
  pairScores,
  type PublishedOutputs,
  scoreAt,
} from './score-columns.js';
import type { ComparedRows } from './side-by-side.js';

/** How a candidate's scores differ from what the live version gives on the same rows. */
export interface ScoreComparison {
  /** Rows that both could score. */
  readonly rows: number;
  /** Population stability index of every score that both publish, the largest first. */
  readonly shifts: readonly { readonly column: string; readonly psi: number }[];
  /** Scores that only one of both publishes. */
  readonly unpaired: readonly string[];
  /** Rows whose label differs; undefined where neither gives labels, `incomparable` where they give other ones. */
  readonly changedLabels: number | undefined | 'incomparable';
}

export interface RunningComparison {
  add(block: ComparedRows): void;
  read(): ScoreComparison;
}

/** Compares block by block; what it holds is a sample of rows, whatever the input's size. */
export function startComparison(candidate: PublishedOutputs, incumbent: PublishedOutputs): RunningComparison {
  const { pairs, unpaired } = pairScores(candidate, incumbent);
  const labels = [labelOutputs(candidate.signature), labelOutputs(incumbent.signature)] as const;
  const comparable = labels[0].length === labels[1].length;
  // The candidate's score and the live version's of each pair, beside each other.
  const sample = startRowSample(2 * pairs.length);
  let rows = 0;
  let changed = 0;

  return {
    add(block) {
      if (block.rows === 0) return;
      rows += block.rows;
      sample.offer(block.rows, (column, row) => {
        const { first, second } = pairs[column >> 1]!;
        return column % 2 === 0
          ? scoreAt(block.candidate, first, row)
          : scoreAt(block.incumbent, second, row);
      });
      if (!comparable) return;
      changed += countChangedLabels(
        labels[0].map((output) => block.candidate[output]!),
        labels[1].map((output) => block.incumbent[output]!),
        block.rows,
      );
    },
    read: () => ({
      rows,
      shifts:
        rows === 0
          ? []
          : pairs
              .map(({ name }, index) => ({
                column: name,
                psi: populationShift(sample.column(2 * index + 1), sample.column(2 * index)),
              }))
              .sort((a, b) => b.psi - a.psi),
      unpaired,
      changedLabels: !comparable ? 'incomparable' : labels[0].length === 0 ? undefined : changed,
    }),
  };
}

/** Why there is no comparison, in words for a report. */
export function noComparison(label: string, problem: PredawnError): string {
  const first = problem.problems[0] ?? problem;
  return `${label}, which is live, can't score these rows: ${first.message}`;
}
