import path from 'node:path';
import type { Command } from 'commander';
import pc from 'picocolors';
import { PredawnError } from '../../domain/errors.js';
import { type InferredJob, inferJob } from '../../domain/inference.js';
import { dataWindow, parseDataDate, yesterday } from '../../domain/window.js';
import { newCommand, projectFor } from '../command.js';
import type { CommandContext } from '../context.js';
import { openProject, writeNewFile } from '../new-project.js';
import { readModel } from '../read-model.js';
import { type CommonOptions, nextStep, printResult } from '../print.js';

interface InitOptions extends CommonOptions {
  readonly csv?: string;
  readonly query?: string;
  readonly sourceVariable: string;
  readonly name?: string;
  readonly date?: string;
  readonly timezone?: string;
}

const DATE = /\d{4}-\d{2}-\d{2}/;

export function initCommand(context: CommandContext): Command {
  return newCommand('init', 'Make a project, or a further job, from a model and its input.', [
    'predawn init model.onnx --csv exports/2026-11-20.csv',
    'predawn init model.onnx --csv day.csv --name churn --timezone Europe/London',
    'predawn init model.onnx --query "select * from customers where as_of = :date" --date 2026-11-20',
  ])
    .argument('<model>', 'an ONNX file')
    .option('--csv <file>', 'one day’s input; a date in its path becomes {date}')
    .option('--query <sql>', 'or the query that selects one day’s input, with :date, or :from and :to')
    .option(
      '--source-variable <name>',
      'environment variable with the database URL of --query',
      'PREDAWN_SOURCE_URL',
    )
    .option(
      '--name <name>',
      'name of the job and the model; default: the file’s name, or its folder’s for model.onnx',
    )
    .option('--date <YYYY-MM-DD>', 'data date to look at; default: the one in the path, else yesterday')
    .option('--timezone <zone>', 'IANA time zone whose days are scored; default: this machine’s')
    .action((model: string, options: InitOptions) => init(model, options, context));
}

async function init(model: string, options: InitOptions, context: CommandContext): Promise<void> {
  const { services, cwd } = context;
  const name = options.name ?? nameFrom(path.resolve(cwd, model));
  const timezone = options.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const asOf = parseDataDate(
    options.date ?? DATE.exec(options.csv ?? '')?.[0] ?? yesterday(context.now(), timezone),
  );

  // Everything is looked at before anything is written.
  const candidate = await services.prepareCandidate(await readModel(model, cwd), {
    addedAt: context.now().toISOString(),
    addedBy: context.user,
    note: undefined,
    training: undefined,
  });
  const window = dataWindow(asOf, timezone);
  const sample = await services.sampleInput({
    asOf,
    window,
    signal: context.signal,
    ...sampleOf(options, context),
  });
  const inferred = inferJob({
    jobName: name,
    modelName: name,
    signature: candidate.manifest.signature,
    timezone,
    input: {
      csv: options.csv === undefined ? undefined : datedPath(options.csv, options.date),
      query: options.query,
      delimiter: sample.csv?.delimiter,
      encoding: sample.csv?.encoding,
      finalNewline: sample.csv?.finalNewline,
    },
    source: sample.description,
    sampleRows: sample.rows,
  });

  const written = await openProject(cwd, options.query === undefined ? undefined : options.sourceVariable);
  const project = await projectFor(options, context);
  const environment = project.environments[0]!;
  const jobFile = path.join(project.jobs, `${name}.yaml`);
  await writeNewFile(jobFile, inferred.yaml);
  const registry = await services.openRegistry(project);
  const { manifest } = await registry.add(name, candidate);
  // A gate, or an environment before this one, is asked by `model promote` and not passed by here.
  const { after, gate } = project.promotion[environment]!;
  const isLive = after === undefined && gate === undefined;
  if (isLive) {
    const { version } = manifest;
    await registry.promote({ name, version, environment, by: context.user, reason: 'predawn init' });
  }

  const files = [...written, jobFile].map((file) => path.relative(cwd, file));
  const json = {
    files,
    model: `${name}@${manifest.version}`,
    environment: isLive ? environment : null,
    ...summary(inferred),
  };
  printResult(context, options, json, (colors) => {
    const next = isComplete(inferred) ? 'run' : 'validate';
    const label = `${name}@${manifest.version}`;
    return [
      `Wrote ${files.join(' and ')}; ${isLive ? `${label} is live in ${environment}` : `registered ${label}`}.\n`,
      inferenceText(inferred, path.relative(cwd, jobFile), colors),
      nextStep(
        isLive
          ? `predawn ${next} ${name} --date ${asOf}`
          : `predawn model promote ${name} ${manifest.version} --to ${environment}`,
        colors,
      ),
    ].join('');
  });
}

function sampleOf({ csv, query, sourceVariable }: InitOptions, { cwd, variables }: CommandContext) {
  if ((csv === undefined) === (query === undefined)) {
    throw new PredawnError('usage', 'init.input', 'init needs one of --csv and --query.', {
      hint: 'Give one day’s CSV file, or the query that selects one day.',
    });
  }
  if (csv !== undefined) return { kind: 'csv', file: path.resolve(cwd, csv) } as const;
  const url = variables[sourceVariable];
  if (url === undefined || query === undefined) {
    throw new PredawnError(
      'usage',
      'init.source',
      `--query needs a database: ${sourceVariable} is not set.`,
      {
        hint: `Set ${sourceVariable} to a postgres:// URL, or name another variable with --source-variable.`,
      },
    );
  }
  return { kind: 'query', url, query } as const;
}

/** `churn` for churn.onnx; for model.onnx, which says nothing, the folder's name. */
function nameFrom(file: string): string {
  const { name, dir } = path.parse(file);
  const words = name === 'model' ? path.basename(dir) : name;
  return words.replaceAll(/[^A-Za-z0-9._-]+/g, '_').replace(/^[^A-Za-z0-9]+/, '') || 'scores';
}

/** The path with its date as `{date}`, in the file's name or a folder's. */
function datedPath(csv: string, date: string | undefined): string {
  return csv.replaceAll(date ?? DATE.exec(csv)?.[0] ?? '{date}', '{date}');
}

function summary({ matched, unmatched, keyCandidates }: InferredJob) {
  return {
    key: keyCandidates[0],
    matched: Object.fromEntries(matched.map(({ input, columns }) => [input.name, columns])),
    unmatched: unmatched.map(({ input, candidates }) => ({ input: input.name, candidates })),
  };
}

function inferenceText(inferred: InferredJob, jobFile: string, colors: boolean): string {
  const { matched, unmatched, keyCandidates } = inferred;
  const { yellow } = pc.createColors(colors);
  const total = matched.length + unmatched.length;
  const key = keyCandidates[0];
  const lines = [
    `  ${matched.length} of ${total} model inputs have their columns.`,
    key === undefined
      ? yellow('  No column can be the key: set key in the job file.')
      : `  The key is ${key}.`,
    ...unmatched.map(({ input, candidates }) =>
      yellow(
        `  No column for input ${input.name}${candidates.length > 0 ? `; perhaps ${candidates.join(', ')}` : ''}: set features.${input.name}.`,
      ),
    ),
  ];
  if (!isComplete(inferred)) lines.push(`  Edit ${jobFile} where it says TODO.`);
  return `${lines.join('\n')}\n`;
}

function isComplete({ unmatched, keyCandidates }: InferredJob): boolean {
  return unmatched.length === 0 && keyCandidates.length > 0;
}
