import type { Binding } from '../../domain/binding.js';
import { CodedTexts } from '../../domain/coded-texts.js';
import type { OutputColumn, OutputData } from '../../domain/columns.js';
import type { ModelSignature, OutputTensor } from '../../domain/model.js';

/** A score that two models both publish under one name: where each has it in its outputs. */
export interface ScorePair {
  readonly name: string;
  readonly first: ScorePlace;
  readonly second: ScorePlace;
}

interface ScorePlace {
  readonly output: number;
  readonly element: number;
  readonly width: number;
}

/** What a model gives under a job: its outputs, and how they are published. */
export interface PublishedOutputs {
  readonly signature: ModelSignature;
  readonly outputs: Binding['outputs'];
}

/** Published columns of numbers that are no labels and that both models have, and the names that one of them has not. */
export function pairScores(
  first: PublishedOutputs,
  second: PublishedOutputs,
): { readonly pairs: readonly ScorePair[]; readonly unpaired: readonly string[] } {
  const pairs: ScorePair[] = [];
  const others = new Map(scoresOf(second).map((column) => [column.name, column]));
  const unpaired: string[] = [];
  for (const column of scoresOf(first)) {
    const other = others.get(column.name);
    if (other === undefined) unpaired.push(column.name);
    else
      pairs.push({
        name: column.name,
        first: placeOf(column, first.signature),
        second: placeOf(other, second.signature),
      });
    others.delete(column.name);
  }
  return { pairs, unpaired: [...unpaired, ...others.keys()] };
}

function scoresOf({ signature, outputs }: PublishedOutputs): OutputColumn[] {
  return outputs.filter(
    ({ output, type }) =>
      signature.outputs[output]!.role !== 'label' && ['float4', 'float8', 'int4', 'int8'].includes(type),
  );
}

function placeOf({ output, element }: OutputColumn, signature: ModelSignature): ScorePlace {
  return { output, element, width: signature.outputs[output]!.width };
}

/** A score in one row, as a number. NaN, which has no place in an order, counts as the largest. */
export function scoreAt(
  outputs: readonly OutputTensor[],
  { output, element, width }: ScorePlace,
  row: number,
): number {
  const data = outputs[output]!;
  // Texts are never paired as scores.
  const value = data instanceof CodedTexts ? NaN : Number(data[row * width + element]);
  return Number.isNaN(value) ? Infinity : value;
}

/** Positions of the label outputs, which a job need not publish. */
export function labelOutputs({ outputs }: ModelSignature): number[] {
  return outputs.flatMap(({ role }, index) => (role === 'label' ? [index] : []));
}

/** Rows in which any label differs; labels of different types are compared as texts. */
export function countChangedLabels(
  first: readonly OutputData[],
  second: readonly OutputData[],
  rows: number,
): number {
  const pairs = first.map((labels, index) => ({
    width: labels.length / rows,
    isSame: labels.length === second[index]!.length ? comparer(labels, second[index]!) : () => false,
  }));
  let changed = 0;
  for (let row = 0; row < rows; row++) {
    if (pairs.some(({ width, isSame }) => !sameInRow(row, width, isSame))) changed++;
  }
  return changed;
}

type IsSame = (at: number) => boolean;

function sameInRow(row: number, width: number, isSame: IsSame): boolean {
  for (let at = row * width; at < (row + 1) * width; at++) if (!isSame(at)) return false;
  return true;
}

function comparer(one: OutputData, other: OutputData): IsSame {
  if (one instanceof CodedTexts || other instanceof CodedTexts) {
    return (at) => textAt(one, at) === textAt(other, at);
  }
  return (at) => one[at] === other[at] || String(one[at]) === String(other[at]);
}

function textAt(data: OutputData, at: number): string {
  return data instanceof CodedTexts ? data.texts[data.codes[at]!]! : String(data[at]);
}
