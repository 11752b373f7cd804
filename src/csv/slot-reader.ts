import type { FeatureData, FeatureSlot } from '../domain/columns.js';
import type { FaultNotes } from './faults.js';
import type { MissingTokens } from './missing.js';
import type { Records } from './records.js';

/** Reads one column of a block's records into its places in a tensor. */
export interface SlotReader {
  /** Adds a fault for each row whose value cannot be had; what stands in its place then is of no meaning. */
  read(records: Records, tensor: FeatureData, faults: FaultNotes): void;
}

/** What every slot reader is made from. */
export interface SlotContext {
  readonly slot: FeatureSlot;
  /** Values a row of the tensor has. */
  readonly width: number;
  readonly tokens: MissingTokens;
}

/** Calls `look` for the odd rows, and for those whose number may be a missing token's. */
export function eachOdd<T>(
  values: { indexOf(value: T, from?: number): number },
  odd: Int32Array,
  tokenNumbers: readonly T[],
  look: (row: number) => void,
): void {
  for (let index = 0; index < odd.length; index++) look(odd[index]!);
  for (const number of tokenNumbers) {
    for (let row = values.indexOf(number); row !== -1; row = values.indexOf(number, row + 1)) look(row);
  }
}

/** The content of bytes [start, end) without surrounding spaces and tabs. */
export function trimmedText(bytes: Buffer, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isBlank(bytes[from]!)) from++;
  while (to > from && isBlank(bytes[to - 1]!)) to--;
  // Only ASCII is of interest to those who ask: other text is a fault, in whichever way it is read.
  return bytes.toString('latin1', from, to);
}

function isBlank(byte: number): boolean {
  return byte === 32 || byte === 9;
}
