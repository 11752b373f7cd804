import { RecordCutter } from '../../src/csv/cutter.js';
import { makeCsvDecoder } from '../../src/csv/decoder.js';
import { dialectOf } from '../../src/csv/dialect.js';
import type { CsvDecoderSpec } from '../../src/domain/codecs.js';
import type {
  DecodedBlock,
  DecodePlan,
  FeatureType,
  KeyColumn,
  MissingPolicy,
} from '../../src/domain/columns.js';

export const COMMA: CsvDecoderSpec = { kind: 'csv', delimiter: ',', quote: '"' };
export const REJECT: MissingPolicy = { then: 'reject', tokens: [] };

export interface Feature {
  readonly column: string;
  readonly type: FeatureType;
  readonly missing?: MissingPolicy;
}

/** A plan in which every feature is a model input of its own. */
export function planOf(
  columns: readonly string[],
  keys: readonly string[],
  features: readonly Feature[],
): DecodePlan {
  return {
    columns,
    keys: keys.map((column) => ({ column, sourceIndex: columns.indexOf(column), type: 'text' })),
    features: features.map(({ column, type, missing = REJECT }, input) => ({
      column,
      sourceIndex: columns.indexOf(column),
      type,
      missing,
      input,
      offset: 0,
    })),
    inputs: features.map(({ column, type }) => ({ name: column, type, width: 1 })),
  };
}

export function decodeText(
  plan: DecodePlan,
  text: string | Buffer,
  spec: CsvDecoderSpec = COMMA,
): DecodedBlock {
  return makeCsvDecoder(spec, plan).decode({ sequence: 0, bytes: new Uint8Array(Buffer.from(text)) });
}

/** One column `x` of the given type, decoded from one field per line. */
export function decodeColumn(
  type: FeatureType,
  lines: readonly string[],
  missing: MissingPolicy = REJECT,
): DecodedBlock {
  return decodeText(
    planOf(['x', 'y'], [], [{ column: 'x', type, missing }]),
    lines.map((line) => `${line},\n`).join(''),
  );
}

/** `line code column` of every reject. */
export function faultsOf(block: DecodedBlock): string[] {
  return block.rejects.map(({ line, code, column }) => `${line} ${code} ${column ?? '-'}`);
}

export function keyTexts({ offsets, bytes }: KeyColumn): string[] {
  return Array.from(offsets.subarray(1), (end, row) =>
    Buffer.from(bytes.subarray(offsets[row], end)).toString(),
  );
}

/** The blocks of a text that arrives in pieces of `pieceBytes`. */
export function cutText(
  text: string,
  blockBytes: number,
  pieceBytes: number,
  spec: CsvDecoderSpec = COMMA,
): { blocks: Uint8Array<ArrayBuffer>[]; unended: Uint8Array | undefined } {
  const cutter = new RecordCutter({ dialect: dialectOf(spec), blockBytes, location: 'rows.csv' });
  const bytes = Buffer.from(text);
  const blocks: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes)
    blocks.push(...cutter.push(bytes.subarray(at, at + pieceBytes)));
  const { block, unended } = cutter.end();
  if (block !== undefined) blocks.push(block);
  return { blocks, unended };
}
