import type { ErrorKind, PredawnError } from '../domain/errors.js';

/** The one table of exit codes (sysexits.h where it has one). `retry`: does running again help? */
export const EXIT_CODES = [
  {
    code: 0,
    kind: 'success',
    meaning: 'published, or this exact input and artefact are already published',
    retry: '–',
  },
  { code: 64, kind: 'usage', meaning: 'the command line is wrong', retry: 'no' },
  {
    code: 65,
    kind: 'data',
    meaning:
      'a gate or the reject limit failed, or rows to restore are gone; nothing was published or promoted',
    retry: 'no',
  },
  { code: 66, kind: 'input', meaning: 'the input is absent or incomplete', retry: 'later' },
  {
    code: 69,
    kind: 'overdue',
    meaning: 'a check found a slice missing, failed, late, stale or too small',
    retry: 'later',
  },
  { code: 70, kind: 'internal', meaning: 'a bug of predawn', retry: 'no' },
  {
    code: 74,
    kind: 'unresolved',
    meaning: 'the outcome of COMMIT is not known',
    retry: 'yes: re-running is safe',
  },
  { code: 75, kind: 'unavailable', meaning: 'lock held, database unreachable or disk full', retry: 'yes' },
  { code: 76, kind: 'artefact', meaning: 'digest, signature or model do not match', retry: 'no' },
  {
    code: 77,
    kind: 'canary',
    meaning: 'published without the canary, which failed and was stopped',
    retry: 'not needed: a person looks at the canary',
  },
  { code: 78, kind: 'configuration', meaning: 'settings, job file, credentials or rights', retry: 'no' },
  { code: 130, kind: 'SIGINT', meaning: 'interrupted before publishing', retry: 'yes' },
  { code: 143, kind: 'SIGTERM', meaning: 'terminated before publishing', retry: 'yes' },
] as const satisfies readonly {
  code: number;
  kind: ErrorKind | 'success' | 'SIGINT' | 'SIGTERM';
  meaning: string;
  retry: string;
}[];

/** After these a scheduler leaves it to a person: running again gives the same, or is not needed. */
export const NOT_TO_RETRY: readonly number[] = EXIT_CODES.filter(
  ({ kind, retry }) => retry.startsWith('no') || kind === 'overdue',
).map(({ code }) => code);

export const SUCCESS = 0;
export const INTERNAL_ERROR = exitCodeOf('internal');

/** What a monitoring plugin exits with: the convention of Nagios, Icinga and their kin (`check --nagios`). */
export const PLUGIN_STATUS = { OK: 0, WARNING: 1, CRITICAL: 2, UNKNOWN: 3 } as const;
export type PluginStatus = keyof typeof PLUGIN_STATUS;

/** Thrown by a command that has said everything, and whose exit code is that of a monitoring plugin. */
export class PluginExit extends Error {
  constructor(readonly status: PluginStatus) {
    super(status);
  }
}

/** The exit code of an error: by its kind, or for an interruption by its signal. */
export function exitCode(error: PredawnError): number {
  return exitCodeOf(error.kind === 'interrupted' ? (error.signal ?? 'SIGTERM') : error.kind);
}

/**
 * Whose exit code stands for several failures: first what needs a person, who must not wait until retries are over;
 * then what a retry mends at once, then what it mends later. What is published all the same comes last.
 */
const GRAVEST_FIRST: readonly ErrorKind[] = [
  'internal',
  'configuration',
  'usage',
  'artefact',
  'data',
  'unresolved',
  'unavailable',
  'interrupted',
  'input',
  'canary',
  'overdue',
];

/** The error whose exit code stands for all; undefined for none. */
export function gravest(errors: readonly PredawnError[]): PredawnError | undefined {
  const rank = ({ kind }: PredawnError) => GRAVEST_FIRST.indexOf(kind);
  return [...errors].sort((one, other) => rank(one) - rank(other))[0];
}

function exitCodeOf(kind: ErrorKind | 'SIGINT' | 'SIGTERM'): number {
  return EXIT_CODES.find((entry) => entry.kind === kind)?.code ?? 70;
}
