import { type ErrorKind, PredawnError } from '../../domain/errors.js';
import type { RolloutReport } from '../../domain/rollout.js';

/** What a canary that did not hold leaves to do. */
export interface FailedCanary {
  readonly attemptId: string;
  readonly report: RolloutReport;
}

/**
 * Ends an attempt whose canary did not hold, before anything is published. Where the run publishes the live version's
 * rows instead, that attempt is another one.
 */
export function canaryFailure(
  what: string,
  label: string,
  failed: FailedCanary,
  kind: Extract<ErrorKind, 'canary' | 'data'> = 'canary',
): PredawnError {
  const [first] = failuresOf(failed.report);
  return new PredawnError(
    kind,
    first!.code,
    `${what}: the canary ${label} failed: ${failureText(failed.report)}`,
    {
      hint: first!.hint,
      details: { canary: failed },
    },
  );
}

/** What `canaryFailure` made an error of; undefined for any other error. */
export function failedCanary(error: unknown): FailedCanary | undefined {
  if (!(error instanceof PredawnError) || error.kind !== 'canary') return undefined;
  return error.details['canary'] as FailedCanary;
}

/** Every reason, as one text. */
export function failureText(report: RolloutReport): string {
  return failuresOf(report)
    .map(({ text }) => text)
    .join('; ');
}

function failuresOf({ problem, checks }: RolloutReport): { code: string; text: string; hint?: string }[] {
  if (problem !== null) return [{ code: problem.code, text: problem.message }];
  return checks
    .filter(({ status }) => status === 'failed')
    .map(({ check, found, ceiling, unit, detail, hint }) => ({
      code: `canary.${check}`,
      text: `${check} is ${figure(found, unit)}, at most ${figure(ceiling, unit)}: ${detail}`,
      ...(hint !== null && { hint }),
    }));
}

function figure(value: number | null, unit: string): string {
  if (value === null) return 'not known';
  return unit === 'share' ? percent(value) : `${Number(value.toPrecision(4))} ${unit}`;
}

/** `5 %`, `0.25 %`. */
export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(4))} %`;
}
