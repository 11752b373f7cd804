import type { Binding } from '../domain/binding.js';
import type { Job } from '../domain/job.js';
import type { Model } from '../domain/model.js';
import { readProfile } from '../domain/profile-record.js';
import type { Artefact } from '../domain/registry.js';
import type { AskedFigures } from './block-figures.js';
import { countedColumns } from './profile/counted-columns.js';
import { rowRules } from './row-rules.js';
import { encodedFeatures } from './unknown-categories.js';

/**
 * What the gates of a job ask of every block. Apart from where that is done: scoring threads start without what reads a
 * profile.
 *
 * @throws PredawnError kind `artefact` for a damaged profile, and what `encodedFeatures` throws
 */
export function askedFigures(
  { gates }: Pick<Job, 'gates'>,
  { profile, manifest }: Pick<Artefact, 'profile' | 'manifest'>,
  binding: Pick<Binding, 'plan' | 'outputs'>,
  model: Pick<Model, 'knownCategories'>,
): AskedFigures {
  const rules = rowRules(gates);
  const asked = {
    ...{ scoreRanges: gates?.constant_scores !== undefined, missing: gates?.missing !== undefined },
    ...(gates?.unknown_categories && {
      encoded: encodedFeatures(
        model.knownCategories(),
        binding,
        Object.keys(gates.unknown_categories.columns),
      ),
    }),
    ...(rules.length > 0 && { rules }),
  };
  const shifts = { scores: gates?.score_shift !== undefined, features: gates?.feature_shift !== undefined };
  if (profile === undefined || !(shifts.scores || shifts.features)) return asked;
  const read = readProfile(profile, `profile.json of ${manifest.name}@${manifest.version}`);
  return { ...asked, counted: countedColumns(read, manifest.signature, binding, shifts) };
}
