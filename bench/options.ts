import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

export const ROUTES = ['csv-files', 'csv-postgres', 'postgres-postgres'] as const;
export type Route = (typeof ROUTES)[number];

export const MODELS = ['linear', 'boosted', 'forest'] as const;
export type ModelName = (typeof MODELS)[number];

export const WHATS = ['cases', 'decode', 'memory', 'sample'] as const;
export type What = (typeof WHATS)[number];

export interface Options {
  readonly what: readonly What[];
  readonly rows: readonly number[];
  readonly routes: readonly Route[];
  /** Undefined: all there are, but the forest on no more than 100,000 rows. */
  readonly models: readonly ModelName[] | undefined;
  readonly rounds: number;
  readonly workers: number;
  readonly peers: boolean;
  readonly naive: boolean;
  readonly limits: boolean;
  readonly output: string | undefined;
}

export const USAGE = `npm run bench -- [${WHATS.join('|')}|all] [options]     default: cases

  --rows 100k,1M        rows of each case: a number, or with k or M; default: 100k,1M
  --routes <list>       of ${ROUTES.join(', ')}; default: all
  --models <list>       of ${MODELS.join(', ')}; default: all, but the forest on 100k rows at most
  --rounds <n>          times that each is run, in turn with its peer; the figures are medians; default: 3
  --workers <n>         scoring threads; default: the number of cores, at most 8
  --no-peers            predawn alone
  --naive               the naive script too, once a case
  --no-limits           without the stages alone
  --output <file>       write the tables there as well`;

/** @throws Error that says what is wrong, with the usage. */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    allowNegative: true,
    options: {
      rows: { type: 'string', default: '100k,1M' },
      routes: { type: 'string', default: ROUTES.join(',') },
      models: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      workers: { type: 'string', default: String(Math.min(availableParallelism(), 8)) },
      peers: { type: 'boolean', default: true },
      naive: { type: 'boolean', default: false },
      limits: { type: 'boolean', default: true },
      output: { type: 'string' },
    },
  });
  const asked = positionals.length === 0 ? ['cases'] : positionals.includes('all') ? WHATS : positionals;
  return {
    what: asked.map((text) => oneOf(WHATS, text)),
    rows: values.rows.split(',').map(readCount),
    routes: values.routes.split(',').map((text) => oneOf(ROUTES, text)),
    models: values.models?.split(',').map((text) => oneOf(MODELS, text)),
    rounds: readCount(values.rounds),
    workers: readCount(values.workers),
    peers: values.peers,
    naive: values.naive,
    limits: values.limits,
    output: values.output,
  };
}

function oneOf<Name extends string>(names: readonly Name[], text: string): Name {
  const found = names.find((name) => name === text);
  if (found === undefined) throw new Error(`"${text}" is none of ${names.join(', ')}.\n\n${USAGE}`);
  return found;
}

function readCount(text: string): number {
  const [, digits, unit] = /^([1-9]\d*)([kM]?)$/.exec(text) ?? [];
  if (digits === undefined) throw new Error(`"${text}" is no count such as 3, 100k or 1M.\n\n${USAGE}`);
  return Number(digits) * (unit === 'k' ? 1e3 : unit === 'M' ? 1e6 : 1);
}
