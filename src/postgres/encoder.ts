import type { BlockEncoder, MakeEncoder, PostgresEncoderSpec } from '../domain/codecs.js';
import { CodedTexts } from '../domain/coded-texts.js';
import type { KeyColumn, OutputColumn, OutputValues, ScoredRows } from '../domain/columns.js';
import { PredawnError } from '../domain/errors.js';

/** Bytes of a value, where all values of the type have as many. */
const WIDTHS = { float4: 4, float8: 8, int4: 4, int8: 8, bool: 1 } as const;
const FIELD_COUNT_BYTES = 2;
const LENGTH_BYTES = 4;

/** Tuples of `COPY … FROM STDIN (FORMAT binary)`, keys before outputs, without the header and the trailer. */
export const makePostgresEncoder: MakeEncoder<PostgresEncoderSpec> = ({ artefacts }): BlockEncoder => {
  if (artefacts === undefined) return { encode: encodeTuples };
  return { encode: (rows) => encodeTuples(withArtefacts(rows, artefacts)) };
};

/** With the artefact of each row as one more text after the outputs. */
function withArtefacts(scored: ScoredRows, artefacts: readonly string[]): ScoredRows {
  const codes = scored.scoredBy ?? new Int32Array(scored.rows);
  const data = new CodedTexts(artefacts, codes);
  return { ...scored, outputs: [...scored.outputs, { column: ARTEFACT, data, offset: 0, stride: 1 }] };
}

const ARTEFACT: OutputColumn = {
  ...{ name: 'artefact', type: 'text', output: -1, element: 0, description: '', probability: false },
};

/** UTF-8 of the texts of each text output, by their codes. */
type TextBytes = ReadonlyMap<OutputValues, readonly Uint8Array[]>;

function encodeTuples({ rows, keys, outputs }: ScoredRows): Uint8Array<ArrayBuffer> {
  // Where the next field of each row goes. Columns are written one after the other, each in a loop of one type.
  const cursors = new Int32Array(rows);
  const texts: TextBytes = new Map(
    outputs.filter(({ column }) => column.type === 'text').map((output) => [output, textBytes(output)]),
  );
  const size = layOut(cursors, keys, outputs, texts);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const fields = keys.length + outputs.length;
  for (let row = 0; row < rows; row++) {
    view.setInt16(cursors[row]!, fields);
    cursors[row]! += FIELD_COUNT_BYTES;
  }
  for (const key of keys) writeKey(key, view, bytes, cursors);
  for (const output of outputs) writeOutput(output, view, bytes, cursors, texts);
  return bytes;
}

/** Sets every row's start and returns the size of them all. */
function layOut(
  cursors: Int32Array,
  keys: readonly KeyColumn[],
  outputs: readonly OutputValues[],
  texts: TextBytes,
): number {
  const fixed =
    FIELD_COUNT_BYTES +
    LENGTH_BYTES * (keys.length + outputs.length) +
    outputs.reduce((sum, { column }) => sum + (column.type === 'text' ? 0 : WIDTHS[column.type]), 0);
  let next = 0;
  for (let row = 0; row < cursors.length; row++) {
    cursors[row] = next;
    next += fixed;
    for (const { offsets } of keys) next += offsets[row + 1]! - offsets[row]!;
    for (const [{ data, offset, stride }, encoded] of texts) {
      next += encoded[(data as CodedTexts).codes[row * stride + offset]!]!.length;
    }
  }
  return next;
}

function writeKey(key: KeyColumn, view: DataView, out: Uint8Array, cursors: Int32Array): void {
  const { bytes, offsets } = key;
  for (let row = 0; row < cursors.length; row++) {
    let at = cursors[row]!;
    const end = offsets[row + 1]!;
    let from = offsets[row]!;
    view.setInt32(at, end - from);
    at += LENGTH_BYTES;
    // Keys are short: a loop is faster than a view and a copy.
    while (from < end) out[at++] = bytes[from++]!;
    cursors[row] = at;
  }
}

function writeOutput(
  output: OutputValues,
  view: DataView,
  out: Uint8Array,
  cursors: Int32Array,
  texts: TextBytes,
): void {
  const { column, data, offset, stride } = output;
  switch (column.type) {
    case 'float4': {
      writeFixed(data as ArrayLike<number>, WIDTHS.float4, (at, value) => view.setFloat32(at, value));
      return;
    }
    case 'float8': {
      writeFixed(data as ArrayLike<number>, WIDTHS.float8, (at, value) => view.setFloat64(at, value));
      return;
    }
    case 'int4': {
      writeFixed(data as ArrayLike<number>, WIDTHS.int4, (at, value) => view.setInt32(at, value));
      return;
    }
    case 'int8': {
      writeFixed(data as ArrayLike<bigint>, WIDTHS.int8, (at, value) => view.setBigInt64(at, value));
      return;
    }
    case 'bool': {
      writeFixed(data as ArrayLike<number>, WIDTHS.bool, (at, value) =>
        view.setUint8(at, value === 0 ? 0 : 1),
      );
      return;
    }
    case 'text': {
      writeTexts((data as CodedTexts).codes, texts.get(output)!);
      return;
    }
  }

  function writeFixed<T>(values: ArrayLike<T>, width: number, write: (at: number, value: T) => void): void {
    for (let row = 0; row < cursors.length; row++) {
      const at = cursors[row]!;
      view.setInt32(at, width);
      write(at + LENGTH_BYTES, values[row * stride + offset]!);
      cursors[row] = at + LENGTH_BYTES + width;
    }
  }

  function writeTexts(codes: Int32Array, encoded: readonly Uint8Array[]): void {
    for (let row = 0; row < cursors.length; row++) {
      let at = cursors[row]!;
      const text = encoded[codes[row * stride + offset]!]!;
      view.setInt32(at, text.length);
      at += LENGTH_BYTES;
      // Labels are short: a loop is faster than a copy.
      for (let from = 0; from < text.length; from++) out[at++] = text[from]!;
      cursors[row] = at;
    }
  }
}

function textBytes({ column, data }: OutputValues): Uint8Array[] {
  return (data as CodedTexts).texts.map((text) => {
    if (!text.includes('\0')) return Buffer.from(text);
    throw new PredawnError(
      'data',
      'output.nul_byte',
      `The model returned a text with a NUL byte for ${column.name}.`,
      { hint: 'PostgreSQL cannot store it: leave this output out, or mend the model.' },
    );
  });
}
