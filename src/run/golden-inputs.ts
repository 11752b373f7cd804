import { bind } from '../domain/binding.js';
import type { DecodedBlock, FeatureData, FeatureType } from '../domain/columns.js';
import { PredawnError } from '../domain/errors.js';
import type { Job } from '../domain/job.js';
import { keyText } from '../domain/key-text.js';
import type { ModelSignature } from '../domain/model.js';
import type { TextTable } from '../domain/text-table.js';
import type { Services } from './services.js';

const ALL_TYPES: ReadonlySet<FeatureType> = new Set<FeatureType>([
  ...(['float32', 'float64', 'int64', 'int32', 'bool', 'string'] as const),
]);

/** Golden rows as the model takes them. */
export interface GoldenInputs {
  readonly rows: number;
  readonly keys: readonly string[];
  readonly inputs: readonly FeatureData[];
}

/**
 * Golden rows read exactly as a day's CSV file is: columns bound by name, missing values as the job has them.
 *
 * @throws PredawnError kind `configuration` where the columns do not fit the model, kind `artefact`, code
 *   `golden.rows`, for rows that a run would reject
 */
export async function readGoldenInputs(
  table: TextTable,
  signature: ModelSignature,
  job: Job,
  services: Pick<Services, 'codecs' | 'tableAsCsv'>,
): Promise<GoldenInputs> {
  const { rows, keys, rejects, tensors } = await decodeTable(table, signature, job, services);
  if (rejects.length > 0) throw rejected(table, rejects);
  return {
    rows,
    keys: Array.from({ length: rows }, (_, row) => keyText(keys, row)),
    inputs: tensors,
  };
}

/** A table as the job reads its input, rejected rows apart. Throws kind `configuration` where its columns do not fit. */
export async function decodeTable(
  table: TextTable,
  signature: ModelSignature,
  job: Job,
  { codecs, tableAsCsv }: Pick<Services, 'codecs' | 'tableAsCsv'>,
): Promise<DecodedBlock> {
  const { decoder: spec, bytes } = await tableAsCsv(table);
  const columns = table.columns.map((name) => ({
    ...{ name, typeName: 'text', feeds: ALL_TYPES, keyType: 'text' as const },
  }));
  // What is published, under which key and past which gates, is no matter of these rows.
  const asked = {
    ...job,
    gates: undefined,
    key: job.key.filter((name) => table.columns.includes(name)),
    missing: Object.fromEntries(Object.entries(job.missing).filter(([name]) => table.columns.includes(name))),
    output: { ...job.output, columns: undefined },
  };
  const { plan } = bind(
    asked,
    signature,
    { columns, decoder: spec },
    { modelLabel: job.model, sourceLabel: table.path },
  );
  const decoder = await codecs.openDecoder(spec, plan);
  return decoder.decode({ sequence: 0, bytes });
}

function rejected({ path }: TextTable, rejects: DecodedBlock['rejects']): PredawnError {
  const [first] = rejects;
  const where = first!.column === undefined ? '' : `column ${first!.column}: `;
  return new PredawnError(
    'artefact',
    'golden.rows',
    `${path}: ${rejects.length} golden rows can't be scored. Row ${first!.line}: ${where}${first!.code}.`,
    {
      hint: 'Golden rows are read as the job reads its input: say there what means missing, or leave these rows out.',
    },
  );
}
