import type { LedgerEntry } from '../domain/ledger.js';
import type { NewsKind } from '../domain/notify.js';
import type { TestCall } from '../domain/run-listener.js';
import { details, headline, runLabel } from './summary.js';
import { type Ended, isPublished, secondsOf } from './told.js';

/** What a webhook says, whatever its format. */
export interface News {
  readonly event: NewsKind | 'test';
  /** One line. */
  readonly title: string;
  readonly lines: readonly string[];
  /** Names and values, for a table. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** For machines. */
  readonly json: Readonly<Record<string, unknown>>;
}

/**
 * What there is to tell of a run. A recovery is a run that published after the job's previous attempt failed, by the
 * ledger; it tells the warnings, too. Warnings of a slice that was published before are no news.
 */
export async function newsOf(ended: Ended, wanted: readonly NewsKind[]): Promise<News | undefined> {
  const { exitCode, receipt } = ended;
  if (exitCode !== 0) return told(ended, receipt === undefined ? 'failure' : 'warning', wanted);
  if (wanted.includes('recovery') && isPublished(ended)) {
    const previous = await ended.previous();
    if (previous?.status === 'failed') return news(ended, 'recovery', previous);
  }
  const warns = receipt !== undefined && receipt.outcome !== 'unchanged' && receipt.warnings.length > 0;
  return told(ended, warns && wanted.includes('warning') ? 'warning' : 'success', wanted);
}

function told(ended: Ended, event: NewsKind, wanted: readonly NewsKind[]): News | undefined {
  return wanted.includes(event) ? news(ended, event) : undefined;
}

function news(ended: Ended, event: NewsKind, previous?: LedgerEntry): News {
  const { run, asOf, exitCode, error, receipt } = ended;
  const after = previous === undefined ? [] : [`Before, ${previousText(previous)}.`];
  return {
    event,
    title: titleOf(ended, event),
    lines: [...details(ended), ...after],
    facts: [
      ['Job', run.job],
      ['Environment', run.environment],
      ['Data date', asOf ?? 'unknown'],
      ['Exit code', String(exitCode)],
      ...(error === undefined ? [] : ([['Error', error.code]] as const)),
      ['Attempt', receipt?.attempt_id ?? run.id],
    ],
    json: {
      event,
      title: titleOf(ended, event),
      job: run.job,
      environment: run.environment,
      as_of: asOf ?? null,
      attempt_id: receipt?.attempt_id ?? run.id,
      exit_code: exitCode,
      outcome: receipt?.outcome ?? null,
      error: error === undefined ? null : plain(error),
      warnings: receipt?.warnings ?? [],
      rows: receipt?.rows ?? null,
      artefact: receipt?.artefact ?? null,
      output: receipt?.output.location ?? null,
      started_at: run.startedAt.toISOString(),
      finished_at: ended.finishedAt.toISOString(),
      seconds: secondsOf(ended),
      previous_failure:
        previous === undefined
          ? null
          : { attempt_id: previous.attemptId, as_of: previous.asOf, error: previous.error ?? null },
    },
  };
}

function titleOf(ended: Ended, event: NewsKind): string {
  if (event === 'recovery') return `${runLabel(ended)} is published again after a failure`;
  if (event === 'warning' && ended.exitCode === 0) return `${headline(ended)}, with warnings`;
  return headline(ended);
}

function previousText({ asOf, attemptId, error }: LedgerEntry): string {
  return `attempt ${attemptId} for ${asOf} failed${error === undefined ? '' : `: ${error.code}`}`;
}

function plain({ kind, code, message, hint, problems }: NonNullable<Ended['error']>): unknown {
  return { kind, code, message, hint: hint ?? null, problems: problems.map(plain) };
}

/** A message that nobody needs to act on. */
export function testNews({ job, environment, id, now }: TestCall): News {
  const title = `This is a test of predawn’s notifications (${environment})`;
  return {
    event: 'test',
    title,
    lines: ['Nothing ran and nothing failed.'],
    facts: [
      ['Job', job],
      ['Environment', environment],
    ],
    json: { event: 'test', title, job, environment, attempt_id: id, finished_at: now.toISOString() },
  };
}
