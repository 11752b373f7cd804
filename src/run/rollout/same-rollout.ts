import type { RolloutReport } from '../../domain/rollout.js';
import type { Rollout } from './find-rollout.js';

/**
 * Whether what a slice was published with is what a run would try out now: then the same input gives the same rows. A
 * canary that failed left no rows behind, and a shadow that is tried out no longer never had any in the slice.
 */
export function sameRollout(published: RolloutReport | undefined, now: Rollout | undefined): boolean {
  const before = published?.mode === 'canary' && published.outcome === 'failed' ? undefined : published;
  if (now === undefined) return before === undefined || before.mode === 'shadow';
  const { mode, version, digest, share } = now.state;
  return (
    before !== undefined &&
    before.mode === mode &&
    before.candidate.version === version &&
    before.candidate.digest === digest &&
    before.share === share
  );
}
