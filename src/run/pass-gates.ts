import { combine } from '../domain/errors.js';
import type { Job } from '../domain/job.js';
import type { RowStage, StagedOutput } from '../domain/publication.js';
import { failedGates } from './gates.js';
import type { Tally } from './tally.js';

/** Throws every reason not to publish what is staged. `rejectsLocation` is undefined where rejects are not kept. */
export async function passGates(
  job: Job,
  stage: Pick<RowStage, 'duplicateKeys'>,
  tally: Tally,
  staged: StagedOutput,
  rejectsLocation: string | undefined,
): Promise<void> {
  const duplicateKeys = await stage.duplicateKeys(10);
  const failed = failedGates({ job, tally, staged, duplicateKeys, rejectsLocation });
  if (failed.length > 0) throw combine(failed, `${failed.length} gates failed; nothing was published.`);
}
