import path from 'node:path';
import type { Command } from 'commander';
import pc from 'picocolors';
import { PredawnError } from '../../../domain/errors.js';
import type { Project } from '../../../domain/job.js';
import type { Candidate, Tolerance } from '../../../domain/registry.js';
import { addGolden } from '../../../run/add-golden.js';
import { addProfile } from '../../../run/profile/add-profile.js';
import { newCommand } from '../../command.js';
import type { CommandContext } from '../../context.js';
import { findGoldenJob } from '../../golden-job.js';
import { type CommonOptions, nextStep, printResult } from '../../print.js';
import { readJsonObject } from '../../read-json.js';
import { readModel } from '../../read-model.js';
import { manifestText } from '../../render-manifest.js';
import { DEFAULT_TOLERANCE, tolerance } from '../../tolerance.js';
import { openRegistry } from './open-registry.js';

interface AddOptions extends CommonOptions {
  readonly golden?: string;
  readonly expected?: string;
  readonly tolerance?: Tolerance;
  readonly job?: string;
  readonly profile?: string;
  readonly training?: string;
  readonly note?: string;
}

export function addCommand(context: CommandContext): Command {
  return newCommand(
    'add',
    'Register an ONNX file as a version, with rows that prove it. Makes nothing live.',
    [
      'predawn model add churn model.onnx --golden golden.csv --expected expected.csv',
      'predawn model add churn model.onnx --golden golden.csv --expected expected.csv --tolerance relative=1e-4,absolute=1e-6',
      'predawn model add churn model.onnx --golden golden.csv       expect what onnxruntime gives now',
      'predawn model add churn model.onnx --golden golden.csv --profile training.csv    for gates on shifted scores and features',
      'predawn model add churn model.onnx --note "first look"       unverified: no environment with a gate takes it',
    ],
  )
    .argument('<name>', 'model name')
    .argument('<file>', 'an ONNX file')
    .option('--golden <file>', 'CSV with rows that the model is to score in every run, named as the input is')
    .option('--expected <file>', 'CSV with what it predicts for them: label, probability_yes, prediction, …')
    .option(
      '--tolerance <number>',
      'how far scores may be off: 1e-5, or relative=1e-5,absolute=1e-6 (default); labels must be equal',
      tolerance,
    )
    .option(
      '--job <name>',
      'the job whose features and missing values the golden rows have; default: the only one with this model',
    )
    .option(
      '--profile <file>',
      'CSV with a sample of the rows it was trained on: how they are distributed is kept, for gates; default: the golden rows',
    )
    .option('--training <file>', 'JSON object kept in the manifest: data, parameters, metrics, …')
    .option('--note <text>', 'kept in the manifest')
    .action((name: string, file: string, options: AddOptions) => add(name, file, options, context));
}

async function add(name: string, file: string, options: AddOptions, context: CommandContext): Promise<void> {
  const { project, registry } = await openRegistry(options, context);
  const prepared = await context.services.prepareCandidate(await readModel(file, context.cwd), {
    addedAt: context.now().toISOString(),
    addedBy: context.user,
    note: options.note,
    training:
      options.training === undefined ? undefined : await readJsonObject(options.training, context.cwd),
  });
  const { candidate, remarks } = await verify(name, prepared, project, options, context);
  const { manifest, created, sameModel } = await registry.add(name, candidate);
  const environment = project.environments[0]!;
  const live = await registry.alias(name, environment);
  printResult(context, options, { created, manifest }, (colors) => {
    const { yellow } = pc.createColors(colors);
    const heading = !created
      ? `${name}@${manifest.version} is this model already: nothing was added`
      : sameModel === undefined
        ? `Registered ${name}@${manifest.version}`
        : `Registered ${name}@${manifest.version}: the model of ${name}@${sameModel}, which stays as it is, with other golden rows`;
    const next = `predawn model promote ${name} ${manifest.version} --to ${environment}`;
    return [
      `${heading}\n`,
      ...remarks.map((remark) => yellow(`  ${remark}\n`)),
      `\n${manifestText(manifest, colors)}`,
      live?.version === manifest.version ? '' : nextStep(next, colors),
    ].join('');
  });
}

/** The candidate with its golden rows, if any were given, and what a person should know of them. */
async function verify(
  name: string,
  candidate: Candidate,
  project: Project,
  options: AddOptions,
  { cwd, services }: CommandContext,
): Promise<{ candidate: Candidate; remarks: string[] }> {
  refuseWithoutRows(options);
  const read = async (file: string | undefined) =>
    file === undefined ? undefined : services.readTable(path.resolve(cwd, file), file);
  const golden = await read(options.golden);
  const expected = await read(options.expected);
  const sample = await read(options.profile);
  const shown = golden ?? sample;
  if (shown === undefined) return { candidate, remarks: [] };

  const { job, readAs } = await findGoldenJob(
    project,
    options.job,
    name,
    candidate.manifest.signature,
    shown,
  );
  const remarks = [readAs];
  let added = candidate;
  if (golden !== undefined) {
    const asked = { golden, expected, tolerance: options.tolerance ?? DEFAULT_TOLERANCE, job };
    const verified = await addGolden(candidate, asked, services);
    added = verified.candidate;
    if (verified.recorded.length > 0)
      remarks.push(
        `Not in ${expected!.path}, so expected as onnxruntime gives it now: ${verified.recorded.join(', ')}.`,
      );
  }
  const from = sample === undefined ? ('golden' as const) : ('sample' as const);
  const profiled = await addProfile(added, { sample: sample ?? shown, from, job }, services);
  if (profiled.leftOut > 0)
    remarks.push(
      `${profiled.leftOut} rows of ${options.profile} can't be scored, and are not in the profile.`,
    );
  return { candidate: profiled.candidate, remarks };
}

function refuseWithoutRows(options: AddOptions): void {
  if (options.golden !== undefined) return;
  const needless = (['expected', 'tolerance', 'job'] as const)
    .filter((name) => options[name] !== undefined)
    .filter((name) => name !== 'job' || options.profile === undefined);
  if (needless.length === 0) return;
  throw new PredawnError(
    'usage',
    'golden.none',
    `${needless.map((name) => `--${name}`).join(' and ')} without --golden: there are no rows to check.`,
    { hint: 'Give the rows, too: --golden golden.csv.' },
  );
}
