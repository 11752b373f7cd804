import { defaultNames } from '../domain/binding-names.js';
import { CodedTexts } from '../domain/coded-texts.js';
import type { OutputData } from '../domain/columns.js';
import { readGolden } from '../domain/golden.js';
import type { Artefact } from '../domain/registry.js';
import { artefactLabel } from './attempt.js';
import { inputPlaces } from './input-places.js';
import type { Services } from './services.js';
import { using } from './using.js';

const SHOWN_ROWS = 5;

/** What two versions predict for the golden rows of one of them. Field names are the JSON's. */
export interface GoldenDifference {
  /** Whose golden rows: its version. */
  readonly rows_of: number;
  readonly rows: number;
  /** Why they could not be compared; null where they were. */
  readonly not_compared: string | null;
  readonly columns: readonly ColumnDifference[];
  /** The rows whose scores are the farthest apart, the farthest first. */
  readonly farthest: readonly RowDifference[];
}

export interface ColumnDifference {
  /** As it would be published by default: `probability_yes`. */
  readonly column: string;
  /** Rows in which it is not the very same. */
  readonly changed: number;
  /** Of the absolute differences; null for labels and texts. */
  readonly largest: number | null;
  readonly median: number | null;
}

export interface RowDifference {
  /** From 1. */
  readonly row: number;
  readonly key: string;
  readonly column: string;
  readonly from: number;
  readonly to: number;
}

/** @throws PredawnError kind `artefact` where a model does not load or can't score the rows */
export async function goldenDifference(
  owner: Artefact,
  from: Artefact,
  to: Artefact,
  { codecs }: Pick<Services, 'codecs'>,
): Promise<GoldenDifference> {
  const { signature, version } = owner.manifest;
  const golden = readGolden(owner.golden!, signature, `golden.json of ${artefactLabel(owner)}`);
  const base = { rows_of: version, rows: golden.rows, not_compared: null, columns: [], farthest: [] };
  const outputs: (readonly OutputData[])[] = [];
  for (const taker of [from, to]) {
    const places = inputPlaces(owner, taker);
    if (typeof places === 'string') return { ...base, not_compared: places };
    const inputs = places.map((place) => golden.inputs[place]!);
    outputs.push(
      await using(codecs.openModel(taker.model, taker.manifest.signature), (model) =>
        model.score(inputs, golden.rows),
      ),
    );
  }

  const [before, after] = [columnsOf(from, outputs[0]!), columnsOf(to, outputs[1]!)];
  const both = [...before.keys()].filter((name) => after.has(name));
  if (both.length === 0)
    return { ...base, not_compared: 'no output of one has the name of one of the other' };
  const compared = both.map((column) =>
    compareColumn(column, before.get(column)!, after.get(column)!, golden.keys),
  );
  const farthest = compared
    .flatMap(({ rows }) => rows)
    .sort((a, b) => apart(b.from, b.to) - apart(a.from, a.to) || a.row - b.row)
    .slice(0, SHOWN_ROWS);
  return { ...base, columns: compared.map(({ difference }) => difference), farthest };
}

type ValueOf = (row: number) => number | string;

/** One column of both, and of a column of numbers its rows that differ. */
function compareColumn(
  column: string,
  one: ValueOf,
  other: ValueOf,
  keys: readonly string[],
): { difference: ColumnDifference; rows: RowDifference[] } {
  let changed = 0;
  let isNumber = true;
  const distances: number[] = [];
  const rows: RowDifference[] = [];
  for (const [index, key] of keys.entries()) {
    const [from, to] = [one(index), other(index)];
    if (!Object.is(from, to)) changed++;
    if (typeof from === 'string' || typeof to === 'string') isNumber = false;
    else {
      if (!Object.is(from, to)) rows.push({ row: index + 1, key, column, from, to });
      if (Number.isFinite(apart(from, to))) distances.push(apart(from, to));
    }
  }
  const difference = {
    ...{ column, changed },
    ...{ largest: isNumber ? largest(distances) : null, median: isNumber ? median(distances) : null },
  };
  return { difference, rows: isNumber ? rows : [] };
}

/** The values of each column, by its name and then by row. Integers and labels are texts: they are the same or not. */
function columnsOf({ manifest }: Artefact, outputs: readonly OutputData[]): Map<string, ValueOf> {
  const { signature } = manifest;
  return new Map(
    defaultNames(signature.outputs).map(({ name, output, element }) => {
      const { width, role } = signature.outputs[output]!;
      const data = outputs[output]!;
      return [
        name,
        (row) => {
          const at = row * width + element;
          if (data instanceof CodedTexts) return data.texts[data.codes[at]!]!;
          const value = data[at]!;
          return typeof value === 'number' && role !== 'label' ? value : String(value);
        },
      ];
    }),
  );
}

/** Infinite where one of both is NaN and the other is not. */
function apart(one: number, other: number): number {
  if (Object.is(one, other)) return 0;
  const distance = Math.abs(one - other);
  return Number.isNaN(distance) ? Infinity : distance;
}

function largest(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((most, value) => Math.max(most, value));
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
