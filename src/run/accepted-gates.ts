import { PredawnError } from '../domain/errors.js';
import type { Job } from '../domain/job.js';
import { type AcceptedGates, JOB_GATES } from '../domain/job-gates.js';
import { didYouMean } from '../domain/nearest.js';

/**
 * The gates that a person lets pass in a run.
 *
 * @throws PredawnError kind `usage` for a name that is no gate of the job that blocks, or where the reason is missing
 */
export function acceptedGates(
  job: Job,
  names: readonly string[],
  reason: string | undefined,
): AcceptedGates | undefined {
  const text = reason?.trim() ?? '';
  if (names.length === 0 && reason === undefined) return undefined;
  if (names.length === 0 || text === '')
    throw new PredawnError('usage', 'accept.reason', '--accept and --reason go together.', {
      hint: `Write --accept ${names[0] ?? '<gate>'} --reason "why".`,
    });
  const known = [
    ...JOB_GATES.filter((gate) => job.gates?.[gate]?.action === 'block'),
    ...Object.entries(job.gates?.checks ?? {}).flatMap(([name, { action }]) =>
      action === 'block' ? [name] : [],
    ),
  ];
  const unknown = names.find((name) => !known.some((gate) => gate === name));
  if (unknown !== undefined)
    throw new PredawnError('usage', 'accept.unknown', `${job.name} has no gate "${unknown}" to accept.`, {
      hint: didYouMean(
        unknown,
        known,
        known.length === 0
          ? `No gate under gates: in ${job.path} blocks.`
          : `Gates of ${job.path} that block: ${known.join(', ')}.`,
      ),
    });
  return { gates: known.filter((gate) => names.includes(gate)), reason: text };
}
