import type { Job, Settings } from '../../domain/job.js';
import type { AcceptedGates } from '../../domain/job-gates.js';
import type { Publication } from '../../domain/publication.js';
import type { Receipt } from '../../domain/receipt.js';
import type { LockedDate } from '../../domain/sharded-publication.js';
import type { ShardedAttempt } from '../../domain/shards.js';
import { requireRows } from '../await-input.js';
import { completeReceipt, type Disposition, type ReceiptFacts } from '../complete-receipt.js';
import { fixDate } from '../fix-date.js';
import { passGates } from '../pass-gates.js';
import type { RunContext } from '../run-request.js';
import { mergeTallies } from '../tally.js';

export interface PublishRequest {
  readonly settings: Settings;
  readonly job: Job;
  /** Keep the rows beside the slice. */
  readonly stageOnly: boolean;
  /** Gates of the job file that a person lets pass. */
  readonly accept?: AcceptedGates | undefined;
}

/**
 * Judges and publishes the committed shards of an attempt. Everything that is asked and told is in its plan and its
 * manifests: neither input nor model is needed.
 */
export async function publishShards(
  locked: LockedDate,
  publication: Publication,
  sharded: ShardedAttempt,
  request: PublishRequest,
  context: RunContext,
): Promise<Receipt> {
  const { plan } = sharded;
  const facts = receiptFacts(sharded, publication, request, context);
  return locked.publish(sharded, async (stage) => {
    const tally = mergeTallies(stage.manifests.map((manifest) => manifest.tally));
    const staged = await stage.finish();
    requireRows({ expectedRows: plan.expectedRows, attempt: plan.attempt }, tally);
    const { settings, job, accept } = request;
    const { rejectsLocation } = stage;
    const { asOf, artefact } = plan.attempt;
    const asked = { settings, job, asOf, artefact, accept, isWhole: true };
    const gates = await passGates(asked, { stage, tally, staged, rejectsLocation }, context);
    const figures = { tally, staged, gates, input: plan.input.summary, stage, rollout: undefined };
    const complete = (disposition: Disposition) => completeReceipt(facts, figures, disposition);

    context.signal.throwIfAborted();
    if (request.stageOnly) return stage.keep((kept) => complete({ kind: 'staged', ...kept }));
    context.onEvent({ kind: 'publishing', rows: staged.rows });
    return stage.publish((publishing) => complete({ kind: 'published', publishing }));
  });
}

function receiptFacts(
  { plan }: ShardedAttempt,
  publication: Publication,
  { settings, job }: PublishRequest,
  context: RunContext,
): ReceiptFacts {
  const { attempt } = plan;
  const at = attempt.artefact.lastIndexOf('@');
  const manifest = {
    name: attempt.artefact.slice(0, at),
    version: Number(attempt.artefact.slice(at + 1)),
  };
  const request = { settings, job, date: attempt.asOf, dryRun: false, force: true, limit: undefined };
  return {
    ...{ request, context, publication, attempt },
    date: fixDate(job, request, context.now()),
    artefact: { manifest, digest: attempt.artefactDigest },
    source: { location: plan.location },
    binding: { outputs: attempt.target.outputs, unusedColumns: plan.unusedColumns },
    shards: plan.input.shards.length,
  };
}
