import { PredawnError } from '../../domain/errors.js';
import type { Job } from '../../domain/job.js';
import { profileBytes } from '../../domain/profile-record.js';
import type { Candidate, ProfileFacts } from '../../domain/registry.js';
import { sharedBytes } from '../../domain/shared-bytes.js';
import type { TextTable } from '../../domain/text-table.js';
import { decodeTable } from '../golden-inputs.js';
import type { Services } from '../services.js';
import { using } from '../using.js';
import { makeProfile } from './make-profile.js';

/** Rows that show what a model's inputs are like. */
export interface ProfileRequest {
  readonly sample: TextTable;
  readonly from: ProfileFacts['from'];
  /** Says how they are read. */
  readonly job: Job;
}

/** A candidate with its profile, and how many rows of the sample no run could score. */
export interface ProfiledCandidate {
  readonly candidate: Candidate;
  readonly leftOut: number;
}

/**
 * Has a candidate score a sample, and keeps how its features and scores are distributed: bins and counts, no rows.
 *
 * @throws PredawnError kind `configuration` where the columns do not fit the model, kind `artefact`, code
 *   `profile.rows`, where no row can be scored
 */
export async function addProfile(
  candidate: Candidate,
  { sample, from, job }: ProfileRequest,
  services: Services,
): Promise<ProfiledCandidate> {
  const { signature } = candidate.manifest;
  const { rows, tensors, rejects } = await decodeTable(sample, signature, job, services);
  if (rows === 0) throw noRows(sample, rejects[0]);
  const opening = services.codecs.openModel(sharedBytes(candidate.model), signature);
  const outputs = await using(opening, (model) => model.score(tensors, rows));
  const profile = profileBytes(makeProfile(signature, { rows, inputs: tensors, outputs }));
  return {
    candidate: { ...candidate, profile, manifest: { ...candidate.manifest, profile: { rows, from } } },
    leftOut: rejects.length,
  };
}

function noRows(
  { path }: TextTable,
  first: { line: number; column: string | undefined; code: string } | undefined,
) {
  const why = first === undefined ? '' : ` Row ${first.line}: ${first.column ?? 'the row'}: ${first.code}.`;
  return new PredawnError('artefact', 'profile.rows', `${path} has no row that can be scored.${why}`, {
    hint: 'It is read as the job reads its input: name its columns so, and say there what means missing.',
  });
}
