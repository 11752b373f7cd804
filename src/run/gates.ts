import { PredawnError } from '../domain/errors.js';
import type { Job, Limit } from '../domain/job.js';
import type { StagedOutput } from '../domain/publication.js';
import { NAMED_KEYS, type ScoreFault } from './score-faults.js';
import type { RejectGroup, Tally } from './tally.js';

export interface GateInput {
  readonly job: Job;
  readonly tally: Tally;
  readonly staged: StagedOutput;
  readonly duplicateKeys: readonly string[];
  /** Undefined where rejects are not kept: a dry run. */
  readonly rejectsLocation: string | undefined;
}

/**
 * Every reason not to publish what is staged, of kind `data`, or `input` where there are no rows at all; none means
 * publish. An account that does not balance is a bug of ours and throws kind `internal`.
 */
export function failedGates(input: GateInput): PredawnError[] {
  assertBalanced(input.tally, input.staged);
  return [
    ...rejectsGate(input),
    ...rowsGate(input),
    ...inexactGate(input),
    ...duplicatesGate(input),
    ...input.tally.faults.map(scoreFault),
  ];
}

function assertBalanced({ read, scored, rejected }: Tally, staged: StagedOutput): void {
  if (read === scored + rejected && staged.rows === scored) return;
  throw new PredawnError(
    'internal',
    'receipt.unbalanced',
    `The account does not balance: ${read} read, ${scored} scored, ${rejected} rejected, ${staged.rows} staged.`,
    { hint: 'Nothing was published. Please report this with the job file and the shape of the input.' },
  );
}

function rejectsGate({ job, tally, rejectsLocation }: GateInput): PredawnError[] {
  if (within(job.limits.rejects, tally.rejected, tally.read)) return [];
  return [
    gate(
      'rejects',
      `${count(tally.rejected, 'row')} of ${tally.read} rejected, over the limit of ${limitText(job.limits.rejects)}: ` +
        `${tally.rejectGroups.slice(0, 5).map(groupText).join('; ')}.`,
      `${rejectsLocation === undefined ? '' : `The rejected rows with their reasons are in ${rejectsLocation}. `}Mend the input, say under "missing:" in ` +
        `${job.path} what a missing value means, or raise limits.rejects.`,
    ),
  ];
}

function rowsGate({ job, tally }: GateInput): PredawnError[] {
  if (tally.scored >= job.limits.minRows) return [];
  if (tally.read === 0) {
    const message = `${job.name}: the input has no rows for this date.`;
    return [
      new PredawnError('input', 'input.no_rows', message, {
        hint: 'If it arrives late, run again when it is there.',
      }),
    ];
  }
  return [
    gate(
      'min_rows',
      `${count(tally.scored, 'row')} scored, fewer than limits.min_rows (${job.limits.minRows}).`,
      'See the rejected rows, or lower limits.min_rows if so few are right.',
    ),
  ];
}

function inexactGate({ job, tally }: GateInput): PredawnError[] {
  if (within(job.limits.inexactIntegers, tally.inexactIntegers, tally.read)) return [];
  return [
    gate(
      'inexact_integers',
      `${count(tally.inexactIntegers, 'integer')} can't be held exactly by the model's float inputs, over the limit of ` +
        `${limitText(job.limits.inexactIntegers)}.`,
      'float32 skips integers above 16,777,216, float64 above 9,007,199,254,740,992. If these are amounts and not codes, raise limits.inexact_integers.',
    ),
  ];
}

function duplicatesGate({ job, duplicateKeys }: GateInput): PredawnError[] {
  if (duplicateKeys.length === 0) return [];
  const named = duplicateKeys.slice(0, NAMED_KEYS);
  return [
    gate(
      'duplicate_keys',
      `${job.key.join(', ')} must be unique, but some keys occur more than once: ${named.join(' | ')}` +
        `${duplicateKeys.length > named.length ? ' and more' : ''}.`,
      'Remove the duplicates from the input, or add a column to key in the job file.',
    ),
  ];
}

function scoreFault({ kind, column, count: rows, keys }: ScoreFault): PredawnError {
  const what = kind === 'not_finite' ? 'NaN or infinite' : 'outside [0, 1]';
  return gate(
    kind,
    `${column} is ${what} in ${count(rows, 'row')}; first keys: ${keys.join(' | ')}.`,
    kind === 'not_finite'
      ? 'A model that was not trained with missing values returns NaN for them: use a fill value or "reject" under "missing:".'
      : 'The model does not give probabilities there; check the export, or publish it under another output.',
  );
}

function gate(name: string, message: string, hint: string): PredawnError {
  return new PredawnError('data', `gate.${name}`, message, { hint });
}

function within(limit: Limit, value: number, of: number): boolean {
  return value <= ('count' in limit ? limit.count : limit.share * of);
}

function limitText(limit: Limit): string {
  return 'count' in limit ? String(limit.count) : `${Number((limit.share * 100).toPrecision(6))}%`;
}

function groupText({ code, column, count: rows, firstLine }: RejectGroup): string {
  return `${rows} ${code}${column === undefined ? '' : ` in ${column}`} (first at line ${firstLine})`;
}

function count(value: number, noun: string): string {
  return `${value} ${noun}${value === 1 ? '' : 's'}`;
}
