import type { Binding } from '../domain/binding.js';
import type { Job } from '../domain/job.js';
import type { Publication } from '../domain/publication.js';
import type { Artefact } from '../domain/registry.js';
import type { RunDescription } from '../domain/run-events.js';
import type { Source } from '../domain/source.js';
import { artefactLabel } from './attempt.js';

/** What a run reads and where its rows go, for those who are told of it. */
export function describeRun(
  job: Job,
  artefact: Artefact,
  source: Source,
  binding: Binding,
  publication: Publication,
): RunDescription {
  const { csv, query } = job.input;
  const isDatabase = source.location.startsWith('postgres://');
  return {
    artefact: artefactLabel(artefact),
    input: {
      location: source.location,
      read: isDatabase && query !== undefined ? { query } : { csv: csv!.path },
      columns: source.description.columns.map(({ name, typeName }) => ({ name, type: typeName })),
    },
    output: {
      location: publication.location,
      table: job.output.table,
      columns: [
        { name: 'as_of', type: 'date' },
        ...binding.keys,
        ...binding.outputs.map(({ name, type }) => ({ name, type })),
        { name: 'artefact', type: 'text' },
        { name: 'attempt_id', type: 'uuid' },
        { name: 'scored_at', type: 'timestamptz' },
      ],
    },
  };
}
