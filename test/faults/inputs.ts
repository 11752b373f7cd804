import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { customerCsvChunks } from '../../data-samples/generate.js';
import { SAMPLE_DATE, sampleProject, succeed } from '../helpers/project.js';

/** An input, with the slice that a run without faults makes of it. */
export interface Input {
  readonly name: string;
  readonly csv: string;
  /** As receipts have it. */
  readonly fingerprint: string;
  readonly keys: readonly string[];
  /** As 32-bit floats. */
  readonly scores: readonly number[];
}

/** How the new slice differs from the old one, which decides how it is published: `first` has no old one. */
export const CHANGES = ['first', 'few', 'many'] as const;
export type Change = (typeof CHANGES)[number];

const ROWS = 400;
const FEW = 7;

/** Inputs of two families of which every row differs; in a family few rows do, of which some leave and some come. */
export async function makeInputs(): Promise<readonly Input[]> {
  const project = await sampleProject();
  try {
    const inputs: Input[] = [];
    for (const seed of [1, 2]) {
      const whole = [...customerCsvChunks({ asOf: SAMPLE_DATE, rows: ROWS, seed })].join('');
      const [header, ...lines] = whole.trimEnd().split('\n');
      const without = (from: number) => [header, ...lines.toSpliced(from, FEW), ''].join('\n');
      for (const [name, csv] of [
        [`${seed}a`, without(0)],
        [`${seed}b`, without(ROWS - FEW)],
      ] as const) {
        await project.write(`data-samples/churn/${SAMPLE_DATE}.csv`, csv);
        await succeed(project, 'run', 'churn', '--date', SAMPLE_DATE, '--quiet');
        const rows = await parseParquet(
          await readFile(sliceFile(path.join(project.folder, 'predictions'), SAMPLE_DATE)),
        );
        inputs.push({
          ...{ name, csv, fingerprint: `sha256:${createHash('sha256').update(csv).digest('hex')}` },
          keys: rows.map(([key]) => key),
          scores: rows.map(([, score]) => score),
        });
        const given = csv.trimEnd().split('\n').slice(1);
        const expected = given.map((line) => line.slice(0, line.indexOf(','))).sort();
        if (inputs.at(-1)!.keys.join() !== expected.join())
          throw new Error('A run without faults did not give the rows of its input');
      }
    }
    return inputs;
  } finally {
    await project.drop();
  }
}

/** The input to run next on a date that holds `old`'s slice. */
export function nextInput(inputs: readonly Input[], old: Input | undefined, change: Change): Input {
  const other = inputs.find(({ name }) =>
    old === undefined
      ? change === 'first'
      : name !== old.name && (name[0] === old.name[0]) === (change === 'few'),
  );
  if (other === undefined) throw new Error(`no input for a change of ${change} after ${old?.name ?? 'none'}`);
  return other;
}

export function sliceFile(root: string, date: string): string {
  return path.join(root, 'churn_predictions', `as_of=${date}`, 'predictions.parquet');
}

/** Key and score of each row, in key order. */
export async function parseParquet(bytes: Buffer): Promise<[string, number][]> {
  const own = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  const rows = await parquetReadObjects({ file: own });
  return rows
    .map((row): [string, number] => [String(row['customer_id']), Number(row['churn_probability'])])
    .sort(([one], [other]) => (one < other ? -1 : 1));
}
