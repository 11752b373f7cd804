import type { RuntimeVersions } from '../../domain/receipt.js';
import type { ShardPlan } from '../../domain/shards.js';

/** What makes shards fit together: scored with the same of all of this, they are parts of one attempt. */
export interface AttemptBasis {
  readonly environment: string;
  /** Undefined where it is not known before the input is read. */
  readonly inputFingerprint: string | undefined;
  readonly artefactDigest: string;
  readonly jobDigest: string;
  readonly target: ShardPlan['attempt']['target'];
  readonly versions: Pick<RuntimeVersions, 'predawn' | 'onnxruntime'>;
}

/** What has changed since an attempt was planned, in words; nothing where it can be gone on with. */
export function changesSince(
  { attempt, input, versions }: ShardPlan,
  now: Partial<AttemptBasis>,
): readonly string[] {
  const changes = {
    environment: differs(attempt.environment, now.environment),
    input: differs(input.summary.fingerprint, now.inputFingerprint),
    artefact: differs(attempt.artefactDigest, now.artefactDigest),
    'job file': differs(attempt.jobDigest, now.jobDigest),
    columns: now.target !== undefined && JSON.stringify(attempt.target) !== JSON.stringify(now.target),
    'version of predawn': differs(versions.predawn, now.versions?.predawn),
    'version of onnxruntime': differs(versions.onnxruntime, now.versions?.onnxruntime),
  };
  return Object.entries(changes).flatMap(([what, changed]) => (changed ? [what] : []));
}

function differs(planned: string, now: string | undefined): boolean {
  return now !== undefined && now !== planned;
}
