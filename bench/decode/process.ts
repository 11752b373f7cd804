/*
 * A process of its own for decoding CSV on one thread: csv-parse, predawn and pandas in turn, each from the same file
 * in the system's cache. Prints `DecodeTimes[]` as JSON.
 *
 *   npx tsx bench/decode/process.ts <rows> <rounds> [<python>]
 */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { decodeWithCsvParse, decodeWithPredawn } from './decoders.js';
import { openPandas } from './pandas.js';
import { customerTable, numberTable, planOf, quoteEveryField, type Table } from './tables.js';

/** Seconds of each round. */
export interface DecodeTimes {
  readonly table: string;
  readonly quoted: boolean;
  readonly bytes: number;
  readonly csvParse: readonly number[];
  readonly predawn: readonly number[];
  /** Empty without a Python. */
  readonly pandas: readonly number[];
}

const rows = Number(process.argv[2]);
const rounds = Number(process.argv[3]);
const python = process.argv[4];

const folder = mkdtempSync(path.join(tmpdir(), 'predawn-bench-decode-'));
try {
  const results: DecodeTimes[] = [];
  for (const table of [customerTable(rows), numberTable(rows)]) {
    const file = path.join(folder, 'plain.csv');
    const text = [...table.chunks()].join('');
    writeFileSync(file, text);
    results.push(await measureFile(table, false, file));
    const quotedFile = path.join(folder, 'quoted.csv');
    writeFileSync(quotedFile, quoteEveryField(text));
    results.push(await measureFile(table, true, quotedFile));
  }
  console.log(JSON.stringify(results));
} finally {
  rmSync(folder, { recursive: true });
}

async function measureFile(table: Table, quoted: boolean, file: string): Promise<DecodeTimes> {
  const plan = planOf(table);
  const times = { csvParse: [] as number[], predawn: [] as number[], pandas: [] as number[] };
  const pandas = python === undefined ? undefined : openPandas(python, file, table);
  try {
    for (let round = 0; round < rounds; round++) {
      times.csvParse.push(seconds(() => decodeWithCsvParse(file, table)));
      times.predawn.push(seconds(() => decodeWithPredawn(file, plan)));
      if (pandas !== undefined) {
        const read = await pandas.next();
        requireRows(read.rows);
        times.pandas.push(read.seconds);
      }
    }
  } finally {
    await pandas?.close();
  }
  return { table: table.name, quoted, bytes: statSync(file).size, ...times };
}

function seconds(work: () => number): number {
  const start = performance.now();
  const decoded = work();
  const elapsed = (performance.now() - start) / 1000;
  requireRows(decoded);
  return elapsed;
}

function requireRows(decoded: number): void {
  if (decoded !== rows) throw new Error(`${decoded} rows were decoded of ${rows}`);
}
