import { createHash } from 'node:crypto';
import { readdir, readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import type * as z from 'zod';
import { PredawnError } from '../domain/errors.js';
import type { CsvInput, Job, Project } from '../domain/job.js';
import { didYouMean } from '../domain/nearest.js';
import { checkYaml } from './check.js';
import { NAME } from './fields.js';
import { isMissing, readConfigText } from './files.js';
import { jobSchema } from './job-schema.js';

const EXTENSION = '.yaml';

/**
 * Names of the jobs there are, sorted.
 *
 * @throws PredawnError kind `configuration` where the folder of job files can't be read
 */
export async function listJobs({ jobs }: Project): Promise<string[]> {
  const files = await readdir(jobs).catch((error: unknown) => {
    throw new PredawnError(
      'configuration',
      'jobs.folder',
      `The folder of job files, ${jobs}, can't be read.`,
      {
        hint: 'Name it as "jobs" in predawn.yaml; `predawn init` makes one.',
        cause: error,
      },
    );
  });
  const names = files
    .filter((file) => file.endsWith(EXTENSION))
    .map((file) => path.basename(file, EXTENSION));
  return names.filter((name) => NAME.test(name)).sort();
}

/**
 * Reads and checks `<jobs>/<name>.yaml`. What depends on the model and the input's columns is checked by `bind`.
 *
 * @throws PredawnError kind `configuration`: no such job, or every problem of its file with line and column
 */
export async function loadJob(project: Project, name: string): Promise<Job> {
  const file = path.join(project.jobs, `${name}${EXTENSION}`);
  const bytes = await readJobFile(project, name, file);
  const shown = path.relative(project.root, file).split(path.sep).join('/');
  return parseJob(name, bytes, shown);
}

/**
 * Checks the text of a job file; `shown` is its path for messages. Throws as `loadJob` does.
 */
export async function parseJob(name: string, bytes: Uint8Array, shown: string): Promise<Job> {
  const { value } = await checkYaml(readConfigText(bytes, shown), shown, jobSchema);
  return {
    name,
    path: shown,
    digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
    model: value.model,
    schedule: value.schedule,
    timezone: value.timezone,
    input: { csv: csvInput(value.input), query: value.input.query, ready: value.input.ready },
    key: value.key,
    features: value.features,
    missing: value.missing,
    output: {
      table: value.output.table ?? defaultTable(name),
      format: value.output.format,
      columns: value.output.columns,
    },
    gates: value.gates,
    limits: {
      rejects: value.limits.rejects,
      inexactIntegers: value.limits.inexact_integers,
      minRows: value.limits.min_rows,
    },
  };
}

async function readJobFile(settings: Project, name: string, file: string): Promise<Buffer> {
  if (!NAME.test(name)) throw await unknownJob(settings, name);
  try {
    const [folder, target] = await Promise.all([realpath(settings.jobs), realpath(file)]);
    // A link to elsewhere would be a job that nobody reviewed here.
    if (!target.startsWith(folder + path.sep)) {
      throw new PredawnError(
        'configuration',
        'job.outside',
        `Job file ${file} leads out of the folder ${folder}.`,
        {
          hint: 'Put the file itself into the folder.',
        },
      );
    }
    return await readFile(target);
  } catch (error) {
    if (isMissing(error)) throw await unknownJob(settings, name);
    if (error instanceof PredawnError) throw error;
    throw new PredawnError('configuration', 'job.unreadable', `Job file ${file} can't be read.`, {
      hint: 'Check its permissions.',
      cause: error,
    });
  }
}

async function unknownJob(settings: Project, name: string): Promise<PredawnError> {
  const names = await listJobs(settings);
  const list =
    names.length > 0
      ? `Jobs there are: ${names.join(', ')}.`
      : `There are no .yaml files in ${settings.jobs}.`;
  const bare = path.basename(name).replace(/\.ya?ml$/, '');
  const hint = names.includes(bare) ? `Did you mean "${bare}"?` : didYouMean(bare, names, list);
  return new PredawnError('configuration', 'job.unknown', `There is no job "${name}" in ${settings.jobs}.`, {
    hint,
  });
}

function csvInput(input: z.output<typeof jobSchema>['input']): CsvInput | undefined {
  if (input.csv === undefined) return undefined;
  return {
    path: input.csv,
    delimiter: input.delimiter,
    quote: input.quote === 'none' ? undefined : input.quote,
    encoding: input.encoding,
    header: input.header,
    finalNewline: input.final_newline,
  };
}

/** Table names need no quotes in SQL. */
function defaultTable(job: string): string {
  const words = job
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^(?=\d)/, '_');
  return `${words.slice(0, 63 - '_predictions'.length)}_predictions`;
}
