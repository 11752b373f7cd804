import { isPublished, secondsOf, type Ended } from './told.js';

export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly value: number;
}

interface Description {
  readonly help: string;
  /** Of every run; else only of one after which the slice is there. */
  readonly always: boolean;
  readonly value: (ended: Ended) => number;
}

/** All are gauges of one job in one environment. What a failed run leaves as it was is what `last_success` means. */
const METRICS: Readonly<Record<string, Description>> = {
  predawn_last_run_timestamp_seconds: {
    help: 'When the last run ended, in Unix time.',
    always: true,
    value: ({ finishedAt }) => finishedAt.getTime() / 1000,
  },
  predawn_last_run_exit_code: {
    help: 'Exit code of the last run; 0 is success.',
    always: true,
    value: ({ exitCode }) => exitCode,
  },
  predawn_last_run_duration_seconds: {
    help: 'How long the last run took.',
    always: true,
    value: secondsOf,
  },
  predawn_last_success_timestamp_seconds: {
    help: 'When the last run ended that published, or found its work done, in Unix time.',
    always: false,
    value: ({ finishedAt }) => finishedAt.getTime() / 1000,
  },
  predawn_last_success_data_date_seconds: {
    help: 'The data date of the last success: its midnight in UTC, in Unix time.',
    always: false,
    value: ({ receipt }) => Date.parse(`${receipt!.as_of}T00:00:00Z`) / 1000,
  },
  predawn_last_success_rows_scored: {
    help: 'Rows of the last success that were scored.',
    always: false,
    value: ({ receipt }) => receipt!.rows.scored,
  },
  predawn_last_success_rows_rejected: {
    help: 'Rows of the last success that could not be scored.',
    always: false,
    value: ({ receipt }) => receipt!.rows.rejected,
  },
};

/** What a run tells; after a failure without the metrics of the last success. */
export function metricsOf(ended: Ended): Metric[] {
  return Object.entries(METRICS).flatMap(([name, { help, always, value }]) => {
    return always || isPublished(ended) ? [{ name, help, value: value(ended) }] : [];
  });
}

/** The metrics of the last success in a text of ours, to be written again after a failure. */
export function lastSuccessIn(text: string): Metric[] {
  return Object.entries(METRICS).flatMap(([name, { help, always }]) => {
    // Without `.` and the flag `m`: a label may hold what JavaScript takes for line ends, but never a line feed.
    const line = new RegExp(`(?:^|\\n)${name}(?:\\{[^\\n]*\\})? (\\S+)(?:\\n|$)`);
    const value = Number(line.exec(text)?.[1] ?? NaN);
    return always || !Number.isFinite(value) ? [] : [{ name, help, value }];
  });
}

/** Prometheus' text format, version 0.0.4. */
export function metricsText(metrics: readonly Metric[], labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  const suffix = pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
  return metrics
    .map(
      ({ name, help, value }) => `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name}${suffix} ${value}\n`,
    )
    .join('');
}

function escaped(value: string): string {
  return value
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`);
}
