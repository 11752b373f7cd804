import type {
  DecodedBlock,
  DecodePlan,
  FeatureType,
  MissingPolicy,
  Reject,
} from '../../src/domain/columns.js';
import { keyText } from '../../src/domain/key-text.js';
import type { Source } from '../../src/domain/source.js';
import { makePostgresDecoder } from '../../src/postgres/decoder.js';
import { openPostgresSource } from '../../src/postgres/source.js';

export const WINDOW = { date: '2026-11-20', from: '2026-11-20T00:00:00Z', to: '2026-11-21T00:00:00Z' };
export const REJECT: MissingPolicy = { then: 'reject', tokens: [] };

export interface Feature {
  readonly column: string;
  readonly type: FeatureType;
  readonly missing?: MissingPolicy;
}

export interface Decoded {
  /** Values by `column type`, in input order. */
  readonly values: Readonly<Record<string, readonly unknown[]>>;
  readonly keys: readonly string[];
  readonly rejects: readonly Reject[];
  readonly read: number;
  readonly inexactIntegers: number;
}

export function openQuery(
  url: string,
  query: string,
  options: { blockBytes?: number; signal?: AbortSignal } = {},
): Promise<Source> {
  return openPostgresSource({
    url,
    query,
    window: WINDOW,
    blockBytes: options.blockBytes ?? 65_536,
    job: 'churn',
    asOf: '2026-11-20',
    signal: options.signal,
  });
}

/** A plan that gives every feature an input of its own. */
export function planOf(
  source: Source,
  features: readonly Feature[],
  keys: readonly string[] = [],
): DecodePlan {
  const { columns } = source.description;
  const place = (name: string): number => {
    const index = columns.findIndex((column) => column.name === name);
    if (index < 0) throw new Error(`The query has no column ${name}`);
    return index;
  };
  return {
    columns: columns.map(({ name }) => name),
    keys: keys.map((column) => ({
      column,
      sourceIndex: place(column),
      type: columns[place(column)]!.keyType!,
    })),
    features: features.map(({ column, type, missing = REJECT }, input) => {
      return { column, sourceIndex: place(column), type, missing, input, offset: 0 };
    }),
    inputs: features.map(({ column, type }) => ({ name: `${column} ${type}`, type, width: 1 })),
  };
}

/** Reads a query to its end through source and decoder. */
export async function decodeQuery(
  url: string,
  query: string,
  {
    features = [],
    keys = [],
    blockBytes,
  }: { features?: readonly Feature[]; keys?: readonly string[]; blockBytes?: number },
): Promise<Decoded> {
  const source = await openQuery(url, query, { blockBytes });
  try {
    const { decoder: spec } = source.description;
    if (spec.kind !== 'postgres') throw new Error('not a query');
    const plan = planOf(source, features, keys);
    const decoder = makePostgresDecoder(spec, plan);
    const blocks: DecodedBlock[] = [];
    for await (const block of source.blocks(new AbortController().signal)) blocks.push(decoder.decode(block));
    return joined(blocks, plan);
  } finally {
    await source.close();
  }
}

function joined(blocks: readonly DecodedBlock[], plan: DecodePlan): Decoded {
  let lines = 0;
  const rejects: Reject[] = [];
  for (const block of blocks) {
    for (const reject of block.rejects) rejects.push({ ...reject, line: reject.line + lines });
    lines += block.lines;
  }
  return {
    values: Object.fromEntries(
      plan.inputs.map(({ name }, input) => [name, blocks.flatMap(({ tensors }) => [...tensors[input]!])]),
    ),
    keys: blocks.flatMap(({ keys, rows }) => Array.from({ length: rows }, (_, row) => keyText(keys, row))),
    rejects,
    read: blocks.reduce((sum, { read }) => sum + read, 0),
    inexactIntegers: blocks.reduce((sum, { inexactIntegers }) => sum + inexactIntegers, 0),
  };
}
