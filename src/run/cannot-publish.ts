import { combine, type PredawnError } from '../domain/errors.js';
import type { Job } from '../domain/job.js';
import type { Publication } from '../domain/publication.js';

/** All that `Publication.check` found, as one error. */
export function cannotPublish(
  job: Job,
  publication: Publication,
  problems: readonly PredawnError[],
): PredawnError {
  return combine(
    problems,
    `${job.name} can't be published to ${publication.location}: ${problems.length} problems.`,
  );
}
