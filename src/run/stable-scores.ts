import { pickRows } from '../domain/pick-rows.js';
import type { FeatureData, OutputData } from '../domain/columns.js';
import type { Model } from '../domain/model.js';
import type { Tolerance } from '../domain/registry.js';
import { type ScoreDifference, scoreDifferences } from '../domain/score-difference.js';
import type { GoldenInputs } from './golden-inputs.js';

/**
 * How far a row's score may move with the rows beside it: the last bits of a float32, which some networks' matrix
 * products give differently in batches of different size. Labels, whole numbers and texts must not move.
 */
export const STEADY: Tolerance = { relative: 1e-6, absolute: 1e-6 };

const BLOCK = 7;

/** An arrangement of the rows in which some score differs from the one beside all rows in order. */
export interface UnsteadyScores {
  /** `one by one`, `in blocks of 7`, `in another order`. */
  readonly arrangement: string;
  readonly differences: readonly ScoreDifference[];
}

/** Scores the rows one by one, in blocks and shuffled; the first arrangement that differs from `scores`, if any. */
export async function findUnsteadyScores(
  model: Model,
  golden: GoldenInputs,
  scores: readonly OutputData[],
): Promise<UnsteadyScores | undefined> {
  const inOrder = Array.from({ length: golden.rows }, (_, row) => row);
  const arrangements: [string, readonly (readonly number[])[]][] = [
    ['one by one', inOrder.map((row) => [row])],
    [`in blocks of ${BLOCK}`, blocksOf(inOrder, BLOCK)],
    ['in another order', [shuffled(inOrder)]],
  ];
  for (const [arrangement, blocks] of arrangements) {
    const differences = await differencesIn(model, golden, scores, blocks);
    if (differences.length > 0) return { arrangement, differences };
  }
  return undefined;
}

async function differencesIn(
  model: Model,
  { inputs, rows: all }: GoldenInputs,
  scores: readonly OutputData[],
  blocks: readonly (readonly number[])[],
): Promise<ScoreDifference[]> {
  const differences: ScoreDifference[] = [];
  for (const rows of blocks) {
    const picked = inputs.map((data) => pickRows<FeatureData>(data, data.length / all, rows));
    const wanted = scores.map((data) => pickRows(data, data.length / all, rows));
    const got = await model.score(picked, rows.length);
    for (const difference of scoreDifferences(model.signature, STEADY, wanted, got)) {
      differences.push({ ...difference, row: rows[difference.row]! });
    }
  }
  return differences.sort((a, b) => b.excess - a.excess);
}

function blocksOf(rows: readonly number[], size: number): number[][] {
  const blocks: number[][] = [];
  for (let from = 0; from < rows.length; from += size) blocks.push(rows.slice(from, from + size));
  return blocks;
}

/** The same order every time: a refusal must be repeatable. Rows are taken with a stride that meets each once. */
function shuffled(rows: readonly number[]): number[] {
  const count = rows.length;
  let stride = Math.max(1, Math.round(count * 0.618));
  while (greatestCommonDivisor(stride, count) !== 1) stride++;
  return rows.map((_, index) => (count - 1 + index * stride) % count);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
