import { availableParallelism } from 'node:os';
import { type Figure, isBar } from './bars.js';
import { type Limits, SHARED_WORK, slowest, totalCpu } from './limits/limits.js';
import type { Measured } from './measure.js';
import type { ModelName, Route } from './options.js';
import { count, fixed, megabytes, table } from './report.js';
import { median } from './statistics.js';

export interface Case {
  readonly rows: number;
  readonly route: Route;
  readonly model: ModelName;
}

export interface CaseResult extends Case {
  readonly predawn: readonly Measured[];
  readonly good: readonly Measured[];
  readonly naive: readonly Measured[];
  /** CPU seconds of the database server in each run; empty where that can't be known. */
  readonly serverCpu: readonly number[];
  readonly limits: Limits | undefined;
}

/** The sizes that bars are about. */
const MILLION = 1_000_000;
const TEN_MILLION = 10_000_000;

export function casesTable(results: readonly CaseResult[]): string {
  const header = [
    'case',
    'rows',
    'rows/s',
    'seconds',
    'CPU s',
    'peak MB',
    'limit ratio',
    'core limit',
    'good.py s',
    'good.py CPU s',
    'good.py peak MB',
    'peer ratio',
    'naive.py s',
    'naive ratio',
  ];
  const lines = results.map((result) => {
    const { rows, predawn, good, naive } = result;
    const wall = wallOf(predawn)!;
    return [
      nameOf(result),
      count(rows),
      count(Math.round(rows / wall)),
      fixed(wall, 2),
      fixed(cpuOf(predawn), 2),
      megabytes(peakOf(predawn)),
      fixed(limitRatio(result), 2),
      fixed(coreLimit(result), 2),
      fixed(wallOf(good), 2),
      fixed(cpuOf(good), 2),
      megabytes(peakOf(good)),
      fixed(ratio(good, wall), 1),
      fixed(wallOf(naive), 1),
      fixed(ratio(naive, wall), 1),
    ];
  });
  return table(header, lines);
}

export function limitsTable(results: readonly CaseResult[]): string {
  const stages = [
    'decode',
    'score',
    'encode',
    'encode + write',
    'COPY out',
    'COPY in + key',
    SHARED_WORK,
  ].filter((stage) => results.some(({ limits }) => limits?.[stage] !== undefined));
  const seconds = results.map((result) => [
    nameOf(result),
    count(result.rows),
    ...stages.map((stage) => fixed(result.limits?.[stage]?.wall, 2)),
    fixed(wallOf(result.predawn), 2),
  ]);
  const cpu = results.map((result) => [
    nameOf(result),
    count(result.rows),
    ...stages.map((stage) => fixed(result.limits?.[stage]?.cpu, 2)),
    fixed(result.limits && totalCpu(result.limits), 2),
    fixed(cpuWithServer(result), 2),
  ]);
  const columns = ['case', 'rows', ...stages];
  return [
    `Seconds of each stage alone, and of the run:\n\n${table([...columns, 'run'], seconds)}`,
    `CPU seconds, the database server's included:\n\n${table([...columns, 'all stages', 'run'], cpu)}`,
  ].join('\n\n');
}

/** Time per row against that of the same case with the fewest rows; undefined where no case ran at two sizes. */
export function perRowTable(results: readonly CaseResult[]): string | undefined {
  const lines = results.flatMap((result) => {
    const least = results.filter((other) => nameOf(other) === nameOf(result)).toSorted(byRows)[0]!;
    const several = results.some((other) => nameOf(other) === nameOf(result) && other !== result);
    if (!several) return [];
    const each = perRow(result);
    return [[nameOf(result), count(result.rows), fixed(each * 1e6, 2), fixed(each / perRow(least), 2)]];
  });
  if (lines.length === 0) return undefined;
  return `Time per row, and against the fewest rows:\n\n${table(['case', 'rows', 'µs/row', 'ratio'], lines)}`;
}

/** What the bars are about. */
export function caseFigures(results: readonly CaseResult[]): Figure[] {
  return results.flatMap((result) => {
    const { rows, route, model, predawn } = result;
    const figures: Figure[] = [];
    if (rows === MILLION) {
      for (const peer of ['good', 'naive'] as const) {
        const bar = `${route}/${model}/${peer}`;
        const value = ratio(result[peer], wallOf(predawn)!);
        if (isBar(bar) && value !== undefined) figures.push({ bar, value });
      }
    }
    const limit = limitRatio(result);
    if (rows >= MILLION && limit !== undefined)
      figures.push({ bar: 'limit', value: limit, of: `${nameOf(result)}, ${count(rows)} rows` });
    const million = results.find((other) => other.rows === MILLION && nameOf(other) === nameOf(result));
    if (rows === TEN_MILLION && million !== undefined) {
      figures.push({ bar: 'per-row', value: perRow(result) / perRow(million), of: nameOf(result) });
    }
    return figures;
  });
}

function nameOf({ route, model }: Case): string {
  return `${route}, ${model}`;
}

function byRows(a: Case, b: Case): number {
  return a.rows - b.rows;
}

function perRow({ rows, predawn }: CaseResult): number {
  return wallOf(predawn)! / rows;
}

function limitRatio({ limits, predawn }: CaseResult): number | undefined {
  return limits && slowest(limits)[1] / wallOf(predawn)!;
}

/** The time that all stages' work takes at least on all cores, against the run's. */
function coreLimit({ limits, predawn }: CaseResult): number | undefined {
  const cpu = limits && totalCpu(limits);
  return cpu === undefined ? undefined : cpu / availableParallelism() / wallOf(predawn)!;
}

function cpuWithServer({ predawn, serverCpu }: CaseResult): number | undefined {
  return serverCpu.length === 0 ? undefined : cpuOf(predawn)! + median(serverCpu);
}

function ratio(peer: readonly Measured[], wall: number): number | undefined {
  const theirs = wallOf(peer);
  return theirs === undefined ? undefined : theirs / wall;
}

function wallOf(runs: readonly Measured[]): number | undefined {
  return runs.length === 0 ? undefined : median(runs.map(({ wall }) => wall));
}

function cpuOf(runs: readonly Measured[]): number | undefined {
  return runs.length === 0 ? undefined : median(runs.map(({ cpu }) => cpu));
}

function peakOf(runs: readonly Measured[]): number | undefined {
  const known = runs.flatMap(({ peakMemory }) => (peakMemory === undefined ? [] : [peakMemory]));
  return known.length === 0 ? undefined : Math.max(...known);
}
