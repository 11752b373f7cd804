import { bind, type Binding } from '../../domain/binding.js';
import { PredawnError } from '../../domain/errors.js';
import type { OutputColumn } from '../../domain/columns.js';
import type { Job } from '../../domain/job.js';
import type { Artefact } from '../../domain/registry.js';
import type { Source } from '../../domain/source.js';
import { type JoinedPlan, joinPlans } from '../gate/joined-plan.js';
import type { Rollout } from './find-rollout.js';

/** A candidate joined with the job and its source. */
export interface PreparedCandidate {
  readonly artefact: Artefact;
  readonly binding: Binding;
  /** A canary's are in the order of the live version's. */
  readonly outputs: readonly OutputColumn[];
  readonly joined: JoinedPlan;
}

/** Joins a candidate with the job and the source that the live version is bound to; or says why that can't be. */
export function prepareCandidate(
  { state, label, candidate }: Rollout,
  job: Job,
  source: Source,
  live: Binding,
): PreparedCandidate | PredawnError {
  if (candidate instanceof PredawnError) return candidate;
  try {
    const binding = bind(job, candidate.manifest.signature, source.description, {
      modelLabel: label,
      sourceLabel: source.location,
    });
    const outputs =
      state.mode === 'canary' ? sameColumns(label, binding.outputs, live.outputs) : binding.outputs;
    return { artefact: candidate, binding, outputs, joined: joinPlans(live.plan, binding.plan) };
  } catch (error) {
    if (error instanceof PredawnError) return error;
    throw error;
  }
}

/** Its rows go into the table of the live version's. */
function sameColumns(
  label: string,
  columns: readonly OutputColumn[],
  live: readonly OutputColumn[],
): readonly OutputColumn[] {
  const found = live.map(({ name, type }) =>
    columns.find((column) => column.name === name && column.type === type),
  );
  const others = columns.filter((column) => !found.includes(column));
  const missing = live.filter((_, index) => found[index] === undefined);
  if (others.length === 0 && missing.length === 0) return found as OutputColumn[];
  const differing = [...new Set([...missing, ...others].map(({ name }) => name))];
  throw new PredawnError(
    'artefact',
    'canary.columns',
    `${label} does not publish the columns that the live version does: ${differing.join(', ')}.`,
    { hint: 'Name them under output.columns in the job file, or try it as a shadow.' },
  );
}
