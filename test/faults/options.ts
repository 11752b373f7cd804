import { parseArgs } from 'node:util';
import { PARTS, type Part } from './parts.js';

export const USAGE = `Makes predawn fail in every way we know of, and holds each promise to what comes of it.

Usage: npm run faults -- [options]

Options:
  --seed <number>    repeats the choices of an earlier run; default: one of its own, which is printed
  --signals <count>  SIGKILL, SIGTERM and SIGINT in all, for each destination; default: 500
  --only <parts>     of ${Object.keys(PARTS).join(', ')}; comma-separated; default: all
  --help             this text

Exits with 1 if anything was wrong.
`;

export interface FaultOptions {
  readonly seed: number;
  readonly signals: number;
  readonly parts: readonly Part[];
}

/** Throws a RangeError or TypeError for arguments that are not understood. */
export function parseOptions(args: readonly string[]): FaultOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
      signals: { type: 'string', default: '500' },
      only: { type: 'string', default: Object.keys(PARTS).join(',') },
    },
  });
  return {
    seed: wholeNumber('--seed', values.seed),
    signals: wholeNumber('--signals', values.signals),
    parts: values.only.split(',').map(part),
  };
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new RangeError(`${option} takes a whole number, not ${text}`);
  return Number(text);
}

function part(name: string): Part {
  if (!(name in PARTS)) throw new RangeError(`--only takes ${Object.keys(PARTS).join(', ')}; not ${name}`);
  return name as Part;
}
