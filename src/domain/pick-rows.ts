import { CodedTexts } from './coded-texts.js';
import type { FeatureData, KeyColumn, OutputData } from './columns.js';

/** Some rows of row-major data with `width` values each. */
export function pickRows<Values extends FeatureData | OutputData>(
  data: Values,
  width: number,
  rows: ArrayLike<number>,
): Values {
  if (data instanceof CodedTexts)
    return new CodedTexts(data.texts, pickNumbers(data.codes, width, rows)) as Values;
  // All typed arrays work alike; only the type of their elements differs.
  return pickNumbers(data as Int32Array, width, rows) as Values;
}

function pickNumbers(data: Int32Array, width: number, rows: ArrayLike<number>): Int32Array {
  const picked = new (data.constructor as Int32ArrayConstructor)(rows.length * width);
  for (let index = 0; index < rows.length; index++) {
    const from = rows[index]! * width;
    for (let at = 0; at < width; at++) picked[index * width + at] = data[from + at]!;
  }
  return picked;
}

/** Some rows of a key column. */
export function pickKeys({ type, offsets, bytes }: KeyColumn, rows: ArrayLike<number>): KeyColumn {
  const picked = new Int32Array(rows.length + 1);
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]!;
    picked[index + 1] = picked[index]! + offsets[row + 1]! - offsets[row]!;
  }
  const into = new Uint8Array(picked[rows.length]!);
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]!;
    into.set(bytes.subarray(offsets[row], offsets[row + 1]), picked[index]);
  }
  return { type, offsets: picked, bytes: into };
}
