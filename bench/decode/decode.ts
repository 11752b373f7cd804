import path from 'node:path';
import type { Figure, Section } from '../bars.js';
import { measure } from '../measure.js';
import type { Options } from '../options.js';
import { findPython } from '../python.js';
import { count, fixed, table } from '../report.js';
import { REPOSITORY } from '../repository.js';
import { median } from '../statistics.js';
import type { DecodeTimes } from './process.js';

const ROWS = 200_000;

/** Decoding CSV to typed columns on one thread, in a process of its own. */
export async function runDecode({ rounds, rows, peers }: Options): Promise<Section> {
  const size = rows?.at(-1) ?? ROWS;
  const python = peers ? await findPython() : undefined;
  const script = path.join(REPOSITORY, 'bench/decode/process.ts');
  const args = ['--import', 'tsx', script, String(size), String(rounds)];
  if (python !== undefined) args.push(python.program);
  const { stdout } = await measure(process.execPath, args, { cwd: REPOSITORY });
  const results = JSON.parse(stdout) as DecodeTimes[];

  const lines = results.map((result) => {
    const { ours, csvParse, pandas } = speeds(result);
    const plain = speeds(plainOf(result, results));
    return [
      `${result.table}, ${result.quoted ? 'every field quoted' : 'plain'}`,
      fixed(result.bytes / 1e6, 0),
      fixed(ours, 1),
      fixed(csvParse, 1),
      fixed(pandas, 1),
      fixed(ours / csvParse, 1),
      fixed(pandas && ours / pandas, 2),
      result.quoted ? fixed(ours / plain.ours, 2) : undefined,
    ];
  });
  const header = [
    `${count(size)} rows`,
    'MB',
    'predawn MB/s',
    'csv-parse MB/s',
    'pandas MB/s',
    'predawn/csv-parse',
    'predawn/pandas',
    'quoted/plain',
  ];
  const heading = python === undefined ? undefined : `${python.versions}.`;
  return {
    text: [heading, table(header, lines)].filter((text) => text !== undefined).join('\n\n'),
    figures: size < ROWS ? [] : figuresOf(results),
  };
}

/** Of the customers: the bars are about data like the samples'. */
function figuresOf(results: readonly DecodeTimes[]): Figure[] {
  const quoted = results.find((result) => result.table === 'customers' && result.quoted)!;
  const plain = speeds(plainOf(quoted, results));
  const figures: Figure[] = [
    { bar: 'decode/csv-parse', value: plain.ours / plain.csvParse },
    { bar: 'decode/quoted', value: speeds(quoted).ours / plain.ours },
  ];
  if (plain.pandas !== undefined) figures.push({ bar: 'decode/pandas', value: plain.ours / plain.pandas });
  return figures;
}

function plainOf({ table: name }: DecodeTimes, results: readonly DecodeTimes[]): DecodeTimes {
  return results.find((result) => result.table === name && !result.quoted)!;
}

/** In MB/s, of 10^6 bytes. */
function speeds({ bytes, predawn, csvParse, pandas }: DecodeTimes): {
  readonly ours: number;
  readonly csvParse: number;
  readonly pandas: number | undefined;
} {
  const speed = (seconds: readonly number[]) => bytes / 1e6 / median(seconds);
  return {
    ours: speed(predawn),
    csvParse: speed(csvParse),
    pandas: pandas.length === 0 ? undefined : speed(pandas),
  };
}
