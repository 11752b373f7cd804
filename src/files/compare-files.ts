import type { OutputType } from '../domain/columns.js';
import type { ColumnComparison, Difference, SliceComparison } from '../domain/comparison.js';
import type { FileFormat } from '../domain/job.js';
import type { TargetTable } from '../domain/publication.js';
import { float32Text } from './csv-encoder.js';
import { type OutputValue, readRows } from './slice-rows.js';

interface RowsFile {
  readonly path: string;
  readonly format: FileFormat;
}

type Values = readonly (OutputValue | undefined)[];

/** Compares two predictions files by key. Holds the keys and outputs of the slice in memory. */
export async function compareFiles(
  staged: RowsFile,
  slice: RowsFile,
  target: Pick<TargetTable, 'keys' | 'outputs'>,
  limit: number,
): Promise<SliceComparison> {
  const old = new Map<string, Values>();
  for await (const { key, outputs } of readRows(slice.path, slice.format, target)) {
    old.set(keyOf(key), outputs);
  }
  const sliceRows = old.size;
  const columns = target.outputs.map(({ name, type }) => new ColumnDifferences(name, type, limit));
  let stagedRows = 0;
  let onlyStaged = 0;
  let changed = 0;
  for await (const { key, outputs } of readRows(staged.path, staged.format, target)) {
    stagedRows++;
    const id = keyOf(key);
    const was = old.get(id);
    if (was === undefined) {
      onlyStaged++;
      continue;
    }
    // What is left in the end is in the slice only.
    old.delete(id);
    let differs = false;
    for (const [index, column] of columns.entries()) {
      if (sameValue(was[index], outputs[index])) continue;
      column.add(key.join(', '), was[index], outputs[index]);
      differs = true;
    }
    if (differs) changed++;
  }
  return {
    staged: stagedRows,
    slice: sliceRows,
    onlyStaged,
    onlySlice: old.size,
    changed,
    columns: columns.map((column) => column.result()),
  };
}

/** As PostgreSQL has it: NaN is NaN, and zero has no sign. */
function sameValue(was: OutputValue | undefined, is: OutputValue | undefined): boolean {
  return was === is || (Number.isNaN(was) && Number.isNaN(is));
}

/** A key of one column is its own identity. */
function keyOf(key: readonly string[]): string {
  return key.length === 1 ? key[0]! : JSON.stringify(key);
}

class ColumnDifferences {
  #changed = 0;
  #largest: Difference[] = [];

  constructor(
    private readonly column: string,
    private readonly type: OutputType,
    private readonly limit: number,
  ) {}

  add(key: string, was: OutputValue | undefined, is: OutputValue | undefined): void {
    this.#changed++;
    const difference = subtract(is, was);
    const last = this.#largest.at(-1);
    const numbers = this.type !== 'text' && this.type !== 'bool';
    const entry: Difference = { key, was: shown(this.type, was), is: shown(this.type, is), difference };
    if (this.#largest.length === this.limit && last !== undefined && compare(entry, last, numbers) >= 0)
      return;
    this.#largest.push(entry);
    this.#largest.sort((a, b) => compare(a, b, numbers));
    this.#largest.length = Math.min(this.#largest.length, this.limit);
  }

  result(): ColumnComparison {
    return { column: this.column, type: this.type, changed: this.#changed, largest: this.#largest };
  }
}

/** What can't be subtracted first, then by size; then by key. */
function compare(a: Difference, b: Difference, numbers: boolean): number {
  const bySize = numbers ? size(b) - size(a) : 0;
  return Number.isNaN(bySize) || bySize === 0
    ? Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))
    : bySize;
}

function size({ difference }: Difference): number {
  return difference === undefined ? Infinity : Math.abs(difference);
}

/** Undefined where it would say nothing: for texts and flags, and for numbers that are not finite. */
function subtract(is: OutputValue | undefined, was: OutputValue | undefined): number | undefined {
  if (typeof is === 'bigint' && typeof was === 'bigint') return Number(is - was);
  if (typeof is !== 'number' || typeof was !== 'number') return undefined;
  return Number.isFinite(is - was) ? is - was : undefined;
}

function shown(type: OutputType, value: OutputValue | undefined): string | null {
  if (value === undefined) return null;
  return type === 'float4' ? float32Text(value as number) : String(value);
}
