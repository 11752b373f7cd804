import { CodedTexts } from '../../domain/coded-texts.js';
import type { OutputData, OutputValues } from '../../domain/columns.js';

/**
 * What is published of a block with a canary: the live version's values, and the candidate's in its rows.
 *
 * @param candidate the same columns in the same order, for `rows` alone; none where there are no such rows
 * @param rows which of the block's rows they are, ascending
 */
export function mergeOutputs(
  live: readonly OutputValues[],
  candidate: readonly OutputValues[],
  rows: readonly number[],
  count: number,
): { readonly outputs: readonly OutputValues[]; readonly scoredBy: Int32Array } {
  const scoredBy = new Int32Array(count);
  for (const row of rows) scoredBy[row] = 1;
  if (rows.length === 0) return { outputs: live, scoredBy };
  const outputs = live.map((values, index) => {
    const { column } = values;
    return { column, data: merged(values, candidate[index]!, rows, count), offset: 0, stride: 1 };
  });
  return { outputs, scoredBy };
}

function merged(
  live: OutputValues,
  candidate: OutputValues,
  rows: readonly number[],
  count: number,
): OutputData {
  if (live.data instanceof CodedTexts && candidate.data instanceof CodedTexts) {
    const before = live.data.texts.length;
    const theirs = candidate.data.codes.map((code) => code + before);
    const codes = put(numbersOf(live.data.codes, live, count), theirs, candidate, rows);
    return new CodedTexts([...live.data.texts, ...candidate.data.texts], codes);
  }
  // Columns of one name have one type, so that both arrays have.
  const own = numbersOf(live.data as Int32Array, live, count);
  return put(own, candidate.data as Int32Array, candidate, rows);
}

/** A column's values without those beside it. */
function numbersOf(data: Int32Array, { offset, stride }: OutputValues, count: number): Int32Array {
  const values = new (data.constructor as Int32ArrayConstructor)(count);
  for (let row = 0; row < count; row++) values[row] = data[row * stride + offset]!;
  return values;
}

function put(
  into: Int32Array,
  data: Int32Array,
  { offset, stride }: OutputValues,
  rows: readonly number[],
): Int32Array {
  for (let index = 0; index < rows.length; index++) into[rows[index]!] = data[index * stride + offset]!;
  return into;
}
