import type pg from 'pg';
import { combine } from '../domain/errors.js';
import type { Attempt, PublishedSlice } from '../domain/publication.js';
import { readSlice } from './attempts.js';
import { targetProblems } from './compatibility.js';
import { findPartition, inspect, type Inspection } from './inspect.js';
import { layoutLike, layoutOf, type LayoutColumn } from './layout.js';
import { countRows } from './count-rows.js';
import { type QualifiedName, sqlName } from './names.js';

/** The table that an attempt stages for. */
export interface OpenedTarget {
  readonly target: QualifiedName;
  /** Columns and CHECK constraints of a table to stage into: the target's, if it is ours and there. */
  readonly layout: readonly LayoutColumn[];
  readonly checks: readonly string[];
  readonly current: PublishedSlice | undefined;
}

/**
 * Looks at the target and at what its slice holds; changes nothing. `ledger`: whether predawn's schema is there.
 * Throws kind `configuration` where the attempt could not publish to it.
 */
export async function openTarget(
  session: pg.Client,
  location: string,
  attempt: Attempt,
  ledger: boolean,
): Promise<OpenedTarget> {
  const inspection = await inspect(session, attempt.target.table, ledger);
  const { name, existing } = inspection;
  const problems = targetProblems(attempt.target, inspection);
  if (problems.length > 0) {
    throw combine(problems, `${attempt.job} can't publish to ${sqlName(name)} in ${location}.`);
  }
  const current = ledger ? await currentSlice(session, attempt, inspection) : undefined;
  const layout = layoutOf(attempt.target);
  return existing?.createdFor === undefined
    ? { target: name, layout, checks: [], current }
    : { target: name, layout: layoutLike(layout, existing.columns), checks: existing.checks, current };
}

/** What the slice holds; nothing where someone removed its table, its partition or rows, or added some. */
async function currentSlice(
  session: pg.Client,
  { job, asOf }: Attempt,
  { name, existing }: Inspection,
): Promise<PublishedSlice | undefined> {
  if (existing === undefined) return undefined;
  if (existing.createdFor !== undefined && (await findPartition(session, existing.oid, asOf)) === undefined)
    return undefined;
  const slice = await readSlice(session, job, asOf, sqlName(name));
  if (slice === undefined) return undefined;
  return (await countRows(session, name, asOf)) === slice.receipt.output.rows ? slice : undefined;
}
