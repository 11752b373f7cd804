import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { REPOSITORY } from '../repository.js';
import { MISSING_TOKEN, type Table } from './tables.js';

/** A Python process that reads a file again and again. */
export interface PandasReader {
  /** Reads the file once more. */
  next(): Promise<{ readonly seconds: number; readonly rows: number }>;
  close(): Promise<void>;
}

/** Starts it with pandas loaded, so that only reading is timed. */
export function openPandas(python: string, file: string, table: Table): PandasReader {
  const script = path.join(REPOSITORY, 'bench/peers/decode.py');
  const numbers = Object.entries(table.pandasTypes).filter(([, type]) => type === 'float64');
  const missing = Object.fromEntries(numbers.map(([name]) => [name, ['', MISSING_TOKEN]]));
  const types = JSON.stringify(table.pandasTypes);
  const args = [
    '-W',
    'ignore',
    script,
    '--csv',
    file,
    '--types',
    types,
    '--missing',
    JSON.stringify(missing),
  ];
  const child = spawn(python, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async next() {
      child.stdin.write('\n');
      const line: IteratorResult<string> = await lines.next();
      if (line.done === true) throw new Error(`${script} ended`);
      const [seconds, rows] = line.value.split(' ').map(Number) as [number, number];
      return { seconds, rows };
    },
    async close() {
      child.stdin.end();
      await closed;
    },
  };
}
