import { bind, type Binding } from '../domain/binding.js';
import type { Job } from '../domain/job.js';
import type { Artefact } from '../domain/registry.js';
import type { Source } from '../domain/source.js';
import { artefactLabel } from './attempt.js';
import { checkRules } from './row-rules.js';

/** Joins a job, its artefact and its opened input; throws what `bind` and `checkRules` throw. */
export async function bindJob(
  job: Job,
  artefact: Artefact,
  { description, location }: Pick<Source, 'description' | 'location'>,
): Promise<Binding> {
  const binding = bind(job, artefact.manifest.signature, description, {
    modelLabel: artefactLabel(artefact),
    sourceLabel: location,
  });
  await checkRules(job.gates, binding);
  return binding;
}
