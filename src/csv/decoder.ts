import { isUtf8 } from 'node:buffer';
import type { BlockDecoder, CsvDecoderSpec, MakeDecoder } from '../domain/codecs.js';
import { BlockError } from '../domain/codecs.js';
import { tensorMaker, type TensorMaker } from '../domain/tensors.js';
import type { DecodePlan, FeatureSlot } from '../domain/columns.js';
import { booleanReader } from './booleans.js';
import { dialectOf } from './dialect.js';
import { RowFaults } from './faults.js';
import { floatReader } from './floats.js';
import { integerReader } from './integers.js';
import { Kernel } from './kernel.js';
import { checkKeys, copyKeys } from './keys.js';
import { MissingTokens } from './missing.js';
import { type Records, RecordSplitter, someOf } from './records.js';
import type { SlotReader } from './slot-reader.js';
import { stringReader } from './strings.js';
import { withoutFaults } from './tensors.js';

/**
 * Makes a decoder of UTF-8 CSV records: one pass finds the fields of the whole block (see `RecordSplitter` for
 * what counts as a record), then one short loop per used column turns its bytes into tensor elements. No object
 * and no string is made per row, except for string features that do not repeat. The loops are WebAssembly
 * (`kernel.ts`); what is out of the ordinary they leave to those here.
 *
 * Numbers may be written with an exponent and surrounded by spaces or tabs. An empty field is missing whatever its
 * type, quoted or not. The first fault of a row, by the position of its column, rejects it.
 *
 * `decode` throws BlockError: `csv.encoding` for bytes that are not UTF-8, `csv.quote` and `csv.unterminated_quote`.
 */
export const makeCsvDecoder: MakeDecoder<CsvDecoderSpec> = (spec, plan) =>
  makeDecoder(spec, plan, Kernel.open(dialectOf(spec).quote));

/** `kernel` undefined: the loops in TypeScript alone, which say what is right. */
export function makeDecoder(
  spec: CsvDecoderSpec,
  plan: DecodePlan,
  kernel: Kernel | undefined,
): BlockDecoder {
  const dialect = dialectOf(spec);
  const splitter = new RecordSplitter(dialect, plan.columns, kernel);
  const tensorsOf = tensorMaker(plan.inputs);
  const readers = slotReaders(plan, tensorsOf, kernel, dialect.quote);
  const steps = [
    ...plan.keys.map((key) => ({ key, sourceIndex: key.sourceIndex })),
    ...readers.map((feature) => ({ feature, sourceIndex: feature.slot.sourceIndex })),
  ].sort((one, other) => one.sourceIndex - other.sourceIndex);

  return {
    decode({ bytes }) {
      if (!isUtf8(bytes)) throw notUtf8(bytes, dialect.lineEnd);
      const records = splitter.split(bytes);
      const faults = new RowFaults(records.rows);
      const tensors = tensorsOf.make(records.rows);
      for (const [from, to] of tiles(records)) {
        const tile = someOf(records, from, to);
        const notes = faults.from(from);
        for (const step of steps) {
          if ('key' in step) checkKeys(step.key, tile, notes);
          else {
            const { slot, reader } = step.feature;
            const { width } = plan.inputs[slot.input]!;
            reader.read(tile, tensors[slot.input]!.subarray(from * width, to * width), notes);
          }
        }
      }
      return {
        read: records.rows + records.ragged.length,
        rows: records.rows - faults.count,
        lines: records.lineCount,
        tensors: tensors.map((tensor, input) => withoutFaults(tensor, plan.inputs[input]!.width, faults)),
        keys: plan.keys.map((key) => copyKeys(key, records, faults)),
        rejects: faults.rejects(records),
        inexactIntegers: faults.inexactIntegers(),
      };
    },
  };
}

/** About how many bytes of records and bounds are read column by column. */
const TILE_BYTES = 256 * 1024;

/**
 * A block some rows at a time, so that they are still in the processor's nearest caches when the next column is read:
 * up to twice as fast as column by column through the whole block.
 */
function* tiles({ bytes, bounds, rows }: Records): Generator<[from: number, to: number]> {
  const size = Math.max(16, Math.floor((TILE_BYTES * rows) / (bytes.length + bounds.byteLength)));
  for (let from = 0; from < rows; from += size) yield [from, Math.min(rows, from + size)];
}

function slotReaders(
  plan: DecodePlan,
  { dictionaries }: TensorMaker,
  kernel: Kernel | undefined,
  quote: number,
): { slot: FeatureSlot; reader: SlotReader }[] {
  let values = new Float64Array(0);
  // One array for the numbers of whichever column is being read.
  const scratch = (rows: number): Float64Array => {
    if (values.length < rows) values = new Float64Array(rows);
    return values;
  };
  return plan.features.map((slot) => {
    const { width } = plan.inputs[slot.input]!;
    const context = { slot, width, tokens: new MissingTokens(slot.missing.tokens, quote) };
    switch (slot.type) {
      case 'float32':
      case 'float64':
        return { slot, reader: floatReader(context, scratch) };
      case 'int32':
      case 'int64':
        return { slot, reader: integerReader(context, scratch) };
      case 'bool':
        return { slot, reader: booleanReader(context) };
      case 'string':
        return { slot, reader: stringReader(context, dictionaries[slot.input]!, kernel, quote) };
    }
  });
}

function notUtf8(bytes: Uint8Array, lineEnd: number): BlockError {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let line = 1;
  // No UTF-8 sequence goes on past a line end, so each line is right or wrong by itself.
  for (let start = 0; start < buffer.length; line++) {
    const found = buffer.indexOf(lineEnd, start);
    const end = found === -1 ? buffer.length : found;
    if (!isUtf8(buffer.subarray(start, end))) break;
    start = end + 1;
  }
  return new BlockError(
    'data',
    'csv.encoding',
    line,
    'the bytes are not UTF-8',
    'Set input.encoding to the encoding the file is written in: latin1 or utf-16le.',
  );
}
