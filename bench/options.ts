import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

export const ROUTES = ['csv-files', 'csv-postgres', 'postgres-postgres'] as const;
export type Route = (typeof ROUTES)[number];

export const MODELS = ['linear', 'boosted', 'forest'] as const;
export type ModelName = (typeof MODELS)[number];

export const WHATS = ['cases', 'decode', 'memory', 'publish', 'restore', 'sample', 'workers'] as const;
export type What = (typeof WHATS)[number];

export interface Options {
  readonly what: readonly What[];
  /** Whether every check was asked for, and the report is to list every bar. */
  readonly all: boolean;
  /** Undefined: each check's own. */
  readonly rows: readonly number[] | undefined;
  readonly routes: readonly Route[];
  /** Undefined: the linear and the boosted one, and what `full` adds. */
  readonly models: readonly ModelName[] | undefined;
  readonly rounds: number;
  readonly workers: number;
  readonly peers: boolean;
  readonly naive: boolean;
  readonly limits: boolean;
  readonly full: boolean;
  readonly output: string | undefined;
}

export const USAGE = `npm run bench -- [${WHATS.join('|')}|all] [options]     default: cases

  cases      routes, models and sizes: speed, memory, limit ratios, and the scripts in peers/    about 20 minutes
  decode     CSV to typed columns on one thread, against csv-parse and pandas                      half a minute
  memory     peak memory and time per row of the linear model at two sizes                             3 minutes
  publish    a date without a slice, and one again, against delete + insert in the database            2 minutes
  restore    dates that another version of the model changed, and back, process start to exit           3 minutes
  sample     500 rows, process start to exit                                                       half a minute
  workers    a forest of 500 trees with 2 scoring threads and with 1                                   2 minutes
  all        all of these, and the list of bars                                                       30 minutes

  --full                also what takes long: 10M rows, the forest, the naive script. With all: about 90 minutes
                        and 30 GB of disk
  --rows 100k,1M        rows: a number, or with k or M. Default: cases 100k,1M (--full: 10M of the linear model
                        too); memory 200k,2M (--full: 1M,10M); decode 200k; publish 1M; restore 100k,1M; workers 100k
                        (--full: 1M)
  --routes <list>       of ${ROUTES.join(', ')}; default: all
  --models <list>       of ${MODELS.join(', ')}; default: linear, boosted
  --rounds <n>          times that each is run, in turn with its peer; the figures are medians; default: 5
  --workers <n>         scoring threads; default: the number of cores, at most 8
  --no-peers            predawn alone
  --naive               the naive script too, once a case
  --no-limits           without the stages alone
  --output <file>       write the report there as well

Examples:
  npm run bench -- --rows 1M --models linear --routes csv-postgres
  npm run bench -- all --full --output report.md
  npm run bench -- all --rows 5k --rounds 1       does everything work here? a minute`;

/** @throws Error that says what is wrong, with the usage. */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    allowNegative: true,
    options: {
      rows: { type: 'string' },
      routes: { type: 'string', default: ROUTES.join(',') },
      models: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      workers: { type: 'string', default: String(Math.min(availableParallelism(), 8)) },
      peers: { type: 'boolean', default: true },
      naive: { type: 'boolean' },
      limits: { type: 'boolean', default: true },
      full: { type: 'boolean', default: false },
      output: { type: 'string' },
    },
  });
  const all = positionals.includes('all');
  const asked = positionals.length === 0 ? ['cases'] : all ? WHATS : positionals;
  return {
    what: asked.map((text) => oneOf(WHATS, text)),
    all,
    rows: values.rows?.split(',').map(readCount),
    routes: values.routes.split(',').map((text) => oneOf(ROUTES, text)),
    models: values.models?.split(',').map((text) => oneOf(MODELS, text)),
    rounds: readCount(values.rounds),
    workers: readCount(values.workers),
    peers: values.peers,
    naive: values.naive ?? values.full,
    limits: values.limits,
    full: values.full,
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
