import { count, fixed, table } from './report.js';

/** What a check found: its tables as Markdown, and the figures that bars are about. */
export interface Section {
  readonly text: string;
  readonly figures: readonly Figure[];
}

export interface Figure {
  readonly bar: BarName;
  readonly value: number;
  /** Which case it was, where several are held to one bar. */
  readonly of?: string;
}

interface Bar {
  readonly what: string;
  readonly bar: { readonly atLeast: number } | { readonly atMost: number };
  readonly unit: '×' | 's' | 'MB';
}

/** What predawn is held to on 2 cores that PostgreSQL shares. Where several cases are held to one, the worst counts. */
export const BARS = {
  'decode/csv-parse': times('decoding CSV on one thread, against csv-parse', 8),
  'decode/pandas': times("decoding CSV on one thread, against pandas' C reader", 1.5),
  'decode/quoted': times('MB/s with every field quoted, against plain', 0.75),
  'csv-postgres/linear/good': times('csv-postgres, linear, 1M rows, against good.py', 4),
  'csv-postgres/boosted/good': times('csv-postgres, 100 trees, 1M rows, against good.py', 3.5),
  'csv-postgres/linear/naive': times('csv-postgres, linear, 1M rows, against naive.py', 8),
  'csv-postgres/boosted/naive': times('csv-postgres, 100 trees, 1M rows, against naive.py', 8),
  'postgres-postgres/linear/good': times('postgres-postgres, linear, 1M rows, against good.py', 3.5),
  'postgres-postgres/boosted/good': times('postgres-postgres, 100 trees, 1M rows, against good.py', 3),
  'postgres-postgres/linear/naive': times('postgres-postgres, linear, 1M rows, against naive.py', 7),
  'postgres-postgres/boosted/naive': times('postgres-postgres, 100 trees, 1M rows, against naive.py', 7),
  'csv-files/linear/good': times('CSV to Parquet, linear, 1M rows, against good.py writing CSV', 4),
  limit: times('limit ratio, the lowest of the cases of 1M rows and more', 0.8),
  'per-row': atMost('time per row at 10M against 1M rows', 1.1),
  'memory/ratio': atMost('peak memory at 10M against 1M rows, linear', 1.15),
  'memory/most': atMost('peak memory at 10M rows, linear', 400, 'MB'),
  workers: times('500 trees, 2 workers against 1', 1.85),
  'sample/share': atMost("500 rows, start to exit: share of good.py's time", 0.5),
  'sample/seconds': atMost('500 rows, start to exit', 0.6, 's'),
  'publish/first': atMost('publishing 1M rows on a date without a slice: share of delete + insert', 0.4),
  'publish/again': atMost('publishing 1M rows again, 1% of them changed: share of delete + insert', 0.3),
  'restore/seconds': atMost('restoring 100,000 rows, start to exit', 1, 's'),
} as const satisfies Record<string, Bar>;

export type BarName = keyof typeof BARS;

export function isBar(name: string): name is BarName {
  return name in BARS;
}

/** Every bar with what was measured, as Markdown; without `all`, only those that were. */
export function barsTable(figures: readonly Figure[], all: boolean): string | undefined {
  const names = Object.keys(BARS).filter(isBar);
  const lines = names.flatMap((name) => {
    const { what, bar, unit }: Bar = BARS[name];
    const worst = worstOf(
      bar,
      figures.filter((figure) => figure.bar === name),
    );
    if (worst === undefined) return all ? [[what, undefined, describe(bar, unit), 'not run']] : [];
    const measured = `${show(worst.value, unit)}${worst.of === undefined ? '' : ` (${worst.of})`}`;
    return [[what, measured, describe(bar, unit), isMet(bar, worst.value) ? 'met' : '**not met**']];
  });
  return lines.length === 0 ? undefined : table(['what', 'measured', 'bar', ''], lines);
}

function worstOf(bar: Bar['bar'], figures: readonly Figure[]): Figure | undefined {
  const sorted = figures.toSorted((a, b) => ('atLeast' in bar ? a.value - b.value : b.value - a.value));
  return sorted.find(({ value }) => Number.isNaN(value)) ?? sorted[0];
}

/** A figure that is none meets no bar. */
function isMet(bar: Bar['bar'], value: number): boolean {
  return 'atLeast' in bar ? value >= bar.atLeast : value <= bar.atMost;
}

function describe(bar: Bar['bar'], unit: Bar['unit']): string {
  return 'atLeast' in bar ? `≥ ${bar.atLeast} ${unit}` : `≤ ${bar.atMost} ${unit}`;
}

function show(value: number, unit: Bar['unit']): string {
  return `${unit === 'MB' ? count(Math.round(value)) : fixed(value, 2)!} ${unit}`;
}

function times(what: string, atLeast: number): Bar {
  return { what, bar: { atLeast }, unit: '×' };
}

function atMost(what: string, most: number, unit: Bar['unit'] = '×'): Bar {
  return { what, bar: { atMost: most }, unit };
}
