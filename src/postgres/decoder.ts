import type { BlockDecoder, MakeDecoder, PostgresDecoderSpec } from '../domain/codecs.js';
import type { DecodePlan, FeatureSlot } from '../domain/columns.js';
import { tensorMaker, type TensorMaker } from '../domain/tensors.js';
import { booleanReader } from './boolean-reader.js';
import { tupleText } from './field-text.js';
import { floatReader, type NumberKind } from './float-reader.js';
import { int32Reader, int64Reader } from './integer-reader.js';
import { Kernel } from './kernel.js';
import { checkKey, copyKey } from './key-columns.js';
import { RowFaults } from './row-faults.js';
import type { SlotReader } from './slot-reader.js';
import { stringReader } from './string-reader.js';
import { findFields } from './tuples.js';
import { feedsOf, keyTypeOf, wireKind, type WireKind } from './types.js';

/**
 * Makes a decoder of binary COPY tuples: one pass finds the fields of the whole block, then one short loop per used
 * column turns its bytes into tensor elements. No object and no string is made per row, except for string features
 * that do not repeat. The loops are WebAssembly (`kernel.ts`); what is out of the ordinary they leave to those here.
 *
 * NULL and NaN are missing, as are a text column's missing tokens; an infinity is `not_finite`. The first fault of a
 * row, by the position of its column, rejects it.
 *
 * Throws TypeError for a plan that needs a conversion which `feedsOf` and `keyTypeOf` do not offer.
 */
export const makePostgresDecoder: MakeDecoder<PostgresDecoderSpec> = (spec, plan) =>
  makeDecoder(spec, plan, Kernel.open());

/** `kernel` undefined: the loops in TypeScript alone, which say what is right. */
export function makeDecoder(
  { types }: PostgresDecoderSpec,
  plan: DecodePlan,
  kernel: Kernel | undefined,
): BlockDecoder {
  const keys = plan.keys.map((slot) => ({ slot, kind: keyKind(types, slot.sourceIndex, slot.column) }));
  const tensorsOf = tensorMaker(plan.inputs);
  const features = plan.features.map((slot) => ({
    slot,
    reader: slotReader(types, slot, plan, tensorsOf, kernel),
  }));
  const steps = [
    ...plan.keys.map((key) => ({ key, sourceIndex: key.sourceIndex })),
    ...features.map((feature) => ({ feature, sourceIndex: feature.slot.sourceIndex })),
  ].sort((one, other) => one.sourceIndex - other.sourceIndex);

  return {
    decode({ bytes }) {
      const tuples = findFields(bytes, types.length, kernel);
      const { rows } = tuples;
      const faults = new RowFaults(rows);
      const tensors = tensorsOf.make(rows);
      for (const step of steps) {
        if ('key' in step) checkKey(step.key, tuples, faults);
        else step.feature.reader.read(tuples, tensors[step.feature.slot.input]!, faults);
      }
      return {
        read: rows,
        rows: rows - faults.count,
        lines: rows,
        tensors: tensors.map((tensor, input) => faults.leaveOut(tensor, plan.inputs[input]!.width)),
        keys: keys.map(({ slot, kind }) => copyKey(slot, kind, tuples, faults)),
        rejects: faults.all().map(({ row, code, column }) => ({
          line: row + 1,
          column,
          code,
          raw: tupleText(tuples, row, types),
        })),
        inexactIntegers: faults.inexactIntegers(),
      };
    },
  };
}

function keyKind(types: readonly number[], index: number, column: string): WireKind {
  const oid = types[index] ?? 0;
  const kind = wireKind(oid);
  if (kind === undefined || keyTypeOf(oid) === undefined)
    throw new TypeError(`Column ${column} cannot be a key`);
  return kind;
}

function slotReader(
  types: readonly number[],
  slot: FeatureSlot,
  plan: DecodePlan,
  { dictionaries }: TensorMaker,
  kernel: Kernel | undefined,
): SlotReader {
  const oid = types[slot.sourceIndex] ?? 0;
  const kind = wireKind(oid);
  if (kind === undefined || !feedsOf(oid).has(slot.type)) {
    throw new TypeError(`Column ${slot.column} cannot feed an input of type ${slot.type}`);
  }
  const context = { slot, width: plan.inputs[slot.input]!.width };
  switch (slot.type) {
    case 'float32':
    case 'float64':
      return floatReader(context, kind as NumberKind);
    case 'int32':
      return int32Reader(context, kind as NumberKind);
    case 'int64':
      return int64Reader(context, kind as NumberKind);
    case 'bool':
      return booleanReader(context);
    case 'string':
      return stringReader(context, dictionaries[slot.input]!, kind, kernel);
  }
}
