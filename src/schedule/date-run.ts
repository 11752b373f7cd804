import { type ErrorKind, PredawnError } from '../domain/errors.js';
import type { Receipt } from '../domain/receipt.js';
import type { ChildEnd } from './child-run.js';

/** What became of one data date. */
export interface DateRun {
  readonly asOf: string;
  /** Undefined where nothing was scored: it failed before, or was not tried. */
  readonly receipt: Receipt | undefined;
  /** Undefined where it succeeded, or was not tried. */
  readonly error: PredawnError | undefined;
}

interface ErrorOutput {
  readonly error: { kind: ErrorKind; code: string; message: string; hint?: string };
  readonly exit_code: number;
  /** A canary that failed: the slice is published all the same. */
  readonly result?: Receipt;
}

/** Reads how a `predawn run --json` ended. */
export function readDateRun(job: string, asOf: string, end: ChildEnd): DateRun {
  const { code, result } = end;
  if (code === 0 && isReceipt(result)) return { asOf, receipt: result, error: undefined };
  if (isErrorOutput(result)) {
    const { kind, code: errorCode, message, hint } = result.error;
    const error = new PredawnError(kind, errorCode, message, {
      ...(hint !== undefined && { hint }),
      ...(kind === 'interrupted' && { signal: result.exit_code === 130 ? 'SIGINT' : 'SIGTERM' }),
    });
    return { asOf, receipt: result.result, error };
  }
  return { asOf, receipt: undefined, error: died(job, asOf, end) };
}

/** It ended without saying why: killed, out of memory, or not even started. */
function died(job: string, asOf: string, { code, signal, lastWords }: ChildEnd): PredawnError {
  const how = signal === null ? `exit code ${code ?? 'none'}` : signal;
  const words = lastWords === '' ? '' : `: ${lastWords.split('\n').at(-1)!}`;
  const isTerminated = signal === 'SIGINT' || signal === 'SIGTERM';
  return new PredawnError(
    isTerminated ? 'interrupted' : 'internal',
    'run.died',
    `${job} ${asOf}: its process ended with ${how} and without a result${words}`,
    {
      hint: 'Nothing was published, or all: "predawn runs" knows. Running it again is safe.',
      ...(isTerminated && { signal }),
    },
  );
}

function isReceipt(value: unknown): value is Receipt {
  return typeof value === 'object' && value !== null && 'attempt_id' in value;
}

function isErrorOutput(value: unknown): value is ErrorOutput {
  return typeof value === 'object' && value !== null && 'error' in value && 'exit_code' in value;
}
