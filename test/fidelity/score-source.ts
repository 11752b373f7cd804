import { CodedTexts } from '../../src/domain/coded-texts.js';
import { codecs } from '../../src/block-wiring.js';
import { bind } from '../../src/domain/binding.js';
import type { Block, OutputValues, ScoredRows } from '../../src/domain/columns.js';
import type { Job } from '../../src/domain/job.js';
import { keyText } from '../../src/domain/key-text.js';
import type { ModelSignature } from '../../src/domain/model.js';
import type { Source } from '../../src/domain/source.js';
import { openBlockScorer } from '../../src/run/block-scorer.js';

/** A scored row: its key and its published values by name. */
export interface ScoredRow {
  readonly key: string;
  readonly values: Readonly<Record<string, string | number>>;
}

/** Scores a whole source through the pipeline's own decoder and model, in blocks of exactly `blockRows` rows. */
export async function scoreSource(
  source: Source,
  job: Job,
  model: { readonly bytes: Uint8Array; readonly signature: ModelSignature },
  blockRows: number,
): Promise<ScoredRow[]> {
  const binding = bind(job, model.signature, source.description, {
    modelLabel: 'model',
    sourceLabel: source.location,
  });
  const shared = new Uint8Array(new SharedArrayBuffer(model.bytes.length));
  shared.set(model.bytes);
  const scored: ScoredRow[] = [];
  const scorer = await openBlockScorer(
    {
      decoder: source.description.decoder,
      decode: binding.plan,
      signature: model.signature,
      model: shared,
      outputs: binding.outputs,
      encoder: { kind: 'postgres' },
      hashKeys: false,
      limit: undefined,
    },
    { ...codecs, openEncoder: () => Promise.resolve({ encode: collect }) },
  );
  try {
    for await (const block of inBlocksOf(source, blockRows)) {
      const { rejects, faults } = await scorer.score(block);
      if (rejects.length > 0) throw new Error(`Rejected: ${JSON.stringify(rejects[0])}`);
      if (faults.length > 0) throw new Error(`Faults: ${JSON.stringify(faults[0])}`);
    }
  } finally {
    await scorer.close();
  }
  await source.summary();
  return scored;

  function collect({ rows, keys, outputs }: ScoredRows): Uint8Array<ArrayBuffer> {
    for (let row = 0; row < rows; row++) {
      const values = outputs.map((output) => [output.column.name, valueAt(output, row)] as const);
      scored.push({ key: keyText(keys, row), values: Object.fromEntries(values) });
    }
    return new Uint8Array();
  }
}

function valueAt({ data, offset, stride }: OutputValues, row: number): string | number {
  const at = row * stride + offset;
  const value = data instanceof CodedTexts ? data.texts[data.codes[at]!]! : data[at]!;
  return typeof value === 'bigint' ? Number(value) : value;
}

/** The source's bytes, cut anew: both kinds of records can be found without understanding their fields. */
async function* inBlocksOf(source: Source, rows: number): AsyncGenerator<Block> {
  let sequence = 0;
  const { kind } = source.description.decoder;
  for await (const { bytes } of source.blocks(new AbortController().signal)) {
    const ends = kind === 'csv' ? lineEnds(bytes) : tupleEnds(bytes);
    let start = 0;
    for (let at = Math.min(rows, ends.length); start < bytes.length; at = Math.min(at + rows, ends.length)) {
      const end = ends[at - 1]!;
      yield { sequence: sequence++, bytes: bytes.slice(start, end) };
      start = end;
    }
  }
}

/** The reference files have no line ends within quotes. */
function lineEnds(bytes: Uint8Array): number[] {
  const ends: number[] = [];
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) ends.push(at + 1);
  if (ends.at(-1) !== bytes.length) ends.push(bytes.length);
  return ends;
}

function tupleEnds(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const ends: number[] = [];
  for (let at = 0; at < bytes.length; ends.push(at)) {
    const fields = view.getInt16(at);
    at += 2;
    for (let field = 0; field < fields; field++) at += 4 + Math.max(0, view.getInt32(at));
  }
  return ends;
}
