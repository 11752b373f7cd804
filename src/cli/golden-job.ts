import { listJobs, loadJob, parseJob } from '../config/jobs.js';
import { PredawnError } from '../domain/errors.js';
import { inferJob } from '../domain/inference.js';
import type { Job, Project } from '../domain/job.js';
import type { ModelSignature } from '../domain/model.js';
import type { TextTable } from '../domain/text-table.js';

/** The job that says how golden rows are read, and, as a sentence for people, where that is said. */
export interface GoldenJob {
  readonly job: Job;
  readonly readAs: string;
}

/**
 * Columns, features and what means missing, for golden rows: as the job asked for has them; else as the one job of the
 * model has; else, for a model that has no job yet, guessed from the rows as `predawn init` guesses.
 *
 * @throws PredawnError kind `configuration` for a job that is not there or not sound, kind `usage`, code
 *   `golden.job`, where several jobs have the model
 */
export async function findGoldenJob(
  project: Project,
  asked: string | undefined,
  model: string,
  signature: ModelSignature,
  golden: TextTable,
): Promise<GoldenJob> {
  if (asked !== undefined) return readAs(await loadJob(project, asked));
  const jobs = await jobsOf(project, model);
  if (jobs.length > 1) {
    throw new PredawnError('usage', 'golden.job', `${jobs.length} jobs have the model ${model}.`, {
      hint: `Say which one reads its input as the golden rows are written: ${jobs.map(({ name }) => `--job ${name}`).join(' or ')}.`,
    });
  }
  const [only] = jobs;
  return only === undefined ? guessJob(model, signature, golden) : readAs(only);
}

function readAs(job: Job): GoldenJob {
  return { job, readAs: `Golden rows were read as ${job.path} reads its input.` };
}

/** Jobs of a model. One that is not sound is no reason not to add a model; `validate` and `run` say so. */
async function jobsOf(project: Project, model: string): Promise<Job[]> {
  const names = await listJobs(project).catch(() => []);
  const jobs = await Promise.all(names.map((name) => loadJob(project, name).catch(() => undefined)));
  return jobs.filter((job) => job !== undefined).filter((job) => job.model === model);
}

async function guessJob(model: string, signature: ModelSignature, golden: TextTable): Promise<GoldenJob> {
  const { columns, rows, path } = golden;
  const everyType = new Set(signature.inputs.map(({ type }) => type));
  const source = columns.map((name) => ({
    ...{ name, typeName: 'text', feeds: everyType, keyType: 'text' as const },
  }));
  const { yaml } = inferJob({
    jobName: model,
    modelName: model,
    signature,
    timezone: 'UTC',
    input: { csv: '{date}.csv' },
    source: { columns: source, decoder: { kind: 'csv', delimiter: ',', quote: '"' } },
    sampleRows: rows.map((row) =>
      Object.fromEntries(columns.map((name, index) => [name, row[index]!] as const)),
    ),
  });
  const shown = `the job guessed from ${path}`;
  const job = await parseJob(model, new TextEncoder().encode(yaml), shown);
  return {
    job,
    readAs:
      'Columns and missing values of the golden rows were guessed, as by predawn init: no job has this model.',
  };
}
