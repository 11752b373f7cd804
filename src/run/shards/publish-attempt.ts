import { PredawnError } from '../../domain/errors.js';
import type { LedgerEntry } from '../../domain/ledger.js';
import type { Receipt } from '../../domain/receipt.js';
import { requireComplete } from '../../domain/shards.js';
import type { RunContext } from '../run-request.js';
import { using } from '../using.js';
import { findSharded, requireSame } from './find-sharded.js';
import { type PublishRequest, publishShards } from './publish-shards.js';

/**
 * Publishes an attempt whose shards are all committed. Any number may try: one publishes, and the others are told that
 * it is published, or that someone is at it.
 *
 * @returns the receipt; its outcome is `unchanged` where the attempt was published before
 * @throws PredawnError kind `unavailable`, code `shards.missing` or `lock.held`; kind `usage`, code `attempt.status`, for
 *   an attempt that ended; what a run throws for gates that do not hold
 */
export async function publishAttempt(
  entry: LedgerEntry,
  request: PublishRequest,
  context: RunContext,
): Promise<Receipt> {
  const { attemptId, job, asOf } = entry;
  // What was planned when it was published already has no shards.
  if (entry.status === 'unchanged') return ended(attemptId, entry);
  const { settings } = request;
  const { services } = context;
  const reference = { attemptId, job, asOf };
  return using(services.openPublication(settings), async (publication) => {
    const seen = await findSharded(publication, reference);
    if (seen.status === 'open') requireComplete(seen);
    const held = { id: context.newAttemptId(), job, asOf };
    return publication.shards.withDate(held, context.signal, async (locked) => {
      const sharded = await findSharded(publication, reference);
      if (sharded.status !== 'open') return ended(attemptId, await receiptOf(attemptId, request, context));
      const { environment } = settings;
      requireSame(sharded.plan, request.job, {
        environment: environment.name,
        jobDigest: request.job.digest,
        versions: services.versions,
      });
      return publishShards(locked, publication, sharded, request, context);
    });
  });
}

function receiptOf(
  attemptId: string,
  { settings }: PublishRequest,
  { services }: RunContext,
): Promise<LedgerEntry | undefined> {
  return using(services.openLedger(settings), (ledger) => ledger.find(attemptId));
}

/** The receipt of an attempt that was published; for one that ended otherwise it throws. */
function ended(attemptId: string, entry: LedgerEntry | undefined): Receipt {
  const { status, receipt } = entry ?? {};
  if (receipt !== undefined && (status === 'published' || status === 'unchanged'))
    return { ...receipt, outcome: 'unchanged', changes: undefined };
  throw new PredawnError(
    'usage',
    'attempt.status',
    `Attempt ${attemptId} is ${status ?? 'gone'}, so it can't be published.`,
    { hint: entry?.error?.message ?? 'predawn runs lists the attempts.' },
  );
}
