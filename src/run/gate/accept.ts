import { combine, PredawnError } from '../../domain/errors.js';
import { GATE_CHECKS, type GateCheck, type GateReport, type GateRules } from '../../domain/gate.js';
import { didYouMean } from '../../domain/nearest.js';
import type { AcceptedCheck } from '../../domain/registry.js';
import { ceilingText, foundText } from './figures.js';

/** Checks that nobody can take responsibility for: every run checks the golden rows, too. */
const NEVER = ['golden'];

/** Throws kind `usage` for a name that is no check of these rules, or of one that can't be accepted. */
export function requireChecks(names: readonly string[], rules: GateRules, environment: string): void {
  const known = checksOf(rules);
  for (const name of names) {
    if (NEVER.includes(name)) {
      throw new PredawnError('usage', 'accept.never', `The check ${name} can't be accepted.`, {
        hint: 'Every run checks the golden rows, too, in every environment. Add the version again with the right ones.',
      });
    }
    if (known.includes(name)) continue;
    throw new PredawnError(
      'usage',
      'accept.unknown',
      `The gate of ${environment} has no check "${name}" to accept.`,
      { hint: didYouMean(name, known, `Checks there are: ${known.join(', ')}.`) },
    );
  }
}

/** Names of the checks that a gate with these rules makes and that can be accepted. */
function checksOf({ on, ceilings }: GateRules): string[] {
  const asked: Readonly<Record<string, boolean>> = {
    golden: false,
    input: on !== undefined,
    scores: on !== undefined,
    max_reject_rate: ceilings.rejectRate !== undefined,
    max_ms_per_1k_rows: ceilings.millisecondsPer1kRows !== undefined,
    max_rss_mb: ceilings.rssMegabytes !== undefined,
    max_score_shift: ceilings.scoreShift !== undefined,
    max_label_change: ceilings.labelChange !== undefined,
  };
  return GATE_CHECKS.filter((check) => asked[check]);
}

/** What a report leaves to accept: the failed checks that somebody accepts, with the reason; the others throw. */
export function acceptFailures(
  report: GateReport,
  names: readonly string[],
  reason: string | undefined,
): AcceptedCheck[] {
  const failed = report.checks.filter(({ status }) => status === 'failed');
  const left = failed.filter(({ check }) => !names.includes(check));
  if (left.length > 0) throw gateFailed(report, left);
  return failed.map(({ check }) => ({ check, reason: reason ?? '' }));
}

/** Kind `data`: a gate that did not pass, with every check that failed, and the whole report for machines. */
export function gateFailed(report: GateReport, failed: readonly GateCheck[]): PredawnError {
  const { model, candidate, environment } = report;
  const label = `${model}@${candidate.version}`;
  const problems = failed.map((check) => {
    const { hint } = check;
    return new PredawnError('data', `gate.${check.check}`, failureText(check), {
      ...(hint !== null && { hint }),
    });
  });
  const acceptable = failed.filter(({ check }) => !NEVER.includes(check));
  const only = combine(problems, `${failed.length} checks of the gate failed.`);
  return new PredawnError(
    'data',
    failed.length === 1 ? only.code : 'gate.failed',
    `${label} does not pass the gate of ${environment}: ${failed.map(({ check }) => check).join(', ')}. Nothing was moved.`,
    {
      problems,
      hint:
        acceptable.length === failed.length
          ? `To promote it all the same: predawn model promote ${model} ${candidate.version} --to ${environment} ${acceptable.map(({ check }) => `--accept ${check}`).join(' ')} --reason TEXT`
          : 'What failed on golden rows can be accepted by nobody.',
      details: { gate: report },
    },
  );
}

/** `max_label_change: 10 %, over its ceiling of 2 %: 300 of 3,000 rows against churn@3.` */
function failureText(check: GateCheck): string {
  const isFigure = check.found !== null && check.check.startsWith('max_');
  const figure = isFigure ? ` ${foundText(check)}, over its ceiling of ${ceilingText(check)}:` : '';
  return `${check.check}:${figure} ${check.detail}.`;
}
