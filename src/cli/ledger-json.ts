import type { LedgerEntry } from '../domain/ledger.js';
import type { AliasMove } from '../domain/registry.js';
import type { MoveResult, SliceMove } from '../domain/slice-move.js';

/** A ledger entry for machines, named as the receipt and the `predawn.runs` view name things. */
export function entryJson(entry: LedgerEntry): Record<string, unknown> {
  return {
    attempt_id: entry.attemptId,
    job: entry.job,
    environment: entry.environment,
    as_of: entry.asOf,
    status: entry.status,
    is_current: entry.current,
    rows_kept: entry.rowsKept,
    shards: entry.shards ?? null,
    moves: entry.moves.map(sliceMoveJson),
    artefact: entry.artefact,
    artefact_digest: entry.artefactDigest,
    started_at: entry.startedAt,
    finished_at: entry.finishedAt ?? null,
    receipt: entry.receipt ?? null,
    error: entry.error ?? null,
  };
}

/** One move of an alias for machines; always the same keys. */
export function moveJson(move: AliasMove): Record<string, unknown> {
  return {
    model: move.model,
    environment: move.environment,
    action: move.action,
    from: move.from ?? null,
    to: move.to,
    digest: move.digest,
    at: move.at,
    by: move.by,
    reason: move.reason ?? null,
    gate: move.gate ?? null,
    accepted: move.accepted ?? [],
  };
}

/** One move of a slice for machines; always the same keys. */
export function sliceMoveJson({ action, from, to, by, reason, at }: SliceMove): Record<string, unknown> {
  return { action, from: from ?? null, to, by, reason: reason ?? null, at };
}

/** What a command did to the slice of a date. */
export function moveResultJson(
  job: string,
  asOf: string,
  { outcome, attempt, replaced, changes }: MoveResult,
): Record<string, unknown> {
  return {
    job,
    as_of: asOf,
    outcome,
    attempt_id: attempt.attemptId,
    artefact: attempt.artefact,
    replaced_attempt_id: replaced?.attemptId ?? null,
    replaced_artefact: replaced?.artefact ?? null,
    changes,
  };
}
