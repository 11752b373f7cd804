import { CodedTexts } from './coded-texts.js';
import type { OutputData } from './columns.js';
import { defaultNames } from './binding-names.js';
import type { ModelSignature } from './model.js';
import type { Tolerance } from './registry.js';

/** A score that is farther from the expected one than the tolerance allows. */
export interface ScoreDifference {
  /** From 0. */
  readonly row: number;
  /** As it would be published by default: `probability_yes`. */
  readonly column: string;
  readonly expected: string;
  readonly got: string;
  /** How many times the tolerance allows; infinite for labels and texts. */
  readonly excess: number;
}

const EXACT: Tolerance = { relative: 0, absolute: 0 };

/** Scores that differ, the farthest first. Both sides in the order of `signature.outputs`, row-major. */
export function scoreDifferences(
  { outputs }: ModelSignature,
  tolerance: Tolerance,
  expected: readonly OutputData[],
  got: readonly OutputData[],
): ScoreDifference[] {
  const names = defaultNames(outputs);
  const found: ScoreDifference[] = [];
  for (const [index, { width, type }] of outputs.entries()) {
    const allowed = type.startsWith('float') ? tolerance : EXACT;
    const columns = names.filter(({ output }) => output === index).map(({ name }) => name);
    const [wanted, scored] = [valuesOf(expected[index]!), valuesOf(got[index]!)];
    for (let at = 0; at < wanted.length; at++) {
      const excess = excessOf(wanted[at]!, scored[at]!, allowed);
      if (excess <= 1) continue;
      const column = columns[at % width]!;
      found.push({
        ...{ row: Math.floor(at / width), column, excess },
        ...{ expected: String(wanted[at]), got: String(scored[at]) },
      });
    }
  }
  return found.sort((a, b) => (a.excess === b.excess ? a.row - b.row : b.excess - a.excess));
}

type Value = number | bigint | string;

function valuesOf(data: OutputData): ArrayLike<Value> {
  return data instanceof CodedTexts ? [...data] : data;
}

/** 1 is as far as the tolerance allows; infinite where only the same value would do. */
function excessOf(expected: Value, got: Value, { relative, absolute }: Tolerance): number {
  if (Object.is(expected, got) || expected === got) return 0;
  if (typeof expected !== 'number' || typeof got !== 'number') return Infinity;
  if (!Number.isFinite(expected) || !Number.isFinite(got)) return Infinity;
  const allowed = absolute + relative * Math.abs(expected);
  return allowed === 0 ? Infinity : Math.abs(got - expected) / allowed;
}

/** Which rows differ. */
export function rowsOf(differences: readonly ScoreDifference[]): number {
  return new Set(differences.map(({ row }) => row)).size;
}

/** `relative 1e-5, absolute 1e-6`. */
export function toleranceText({ relative, absolute }: Tolerance): string {
  return `relative ${shortest(relative)}, absolute ${shortest(absolute)}`;
}

function shortest(value: number): string {
  return value !== 0 && value < 0.001 ? value.toExponential() : String(value);
}
