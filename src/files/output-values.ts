import type { OutputValues } from '../domain/columns.js';

type Numbers = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;

/** Copies the strided values of a numeric column into `into`, whose length is the rows. */
export function gatherNumbers<T extends Numbers>({ column, data, offset, stride }: OutputValues, into: T): T {
  if (data.constructor !== into.constructor) {
    throw new TypeError(`column ${column.name} is ${column.type} but holds ${data.constructor.name}`);
  }
  const from = data as T;
  if (stride === 1) into.set(from.subarray(offset, offset + into.length) as never);
  else for (let row = 0; row < into.length; row++) into[row] = from[row * stride + offset]!;
  return into;
}

/** The distinct texts of a column in order of appearance, and which of them each row has. */
export function gatherTexts(
  { data, offset, stride }: OutputValues,
  rows: number,
): { codes: Int32Array; texts: readonly string[] } {
  const values = data as readonly string[];
  const codes = new Int32Array(rows);
  const texts: string[] = [];
  const seen = new Map<string, number>();
  for (let row = 0; row < rows; row++) {
    const text = values[row * stride + offset]!;
    let code = seen.get(text);
    if (code === undefined) {
      code = texts.push(text) - 1;
      seen.set(text, code);
    }
    codes[row] = code;
  }
  return { codes, texts };
}
