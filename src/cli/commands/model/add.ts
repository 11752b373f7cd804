import path from 'node:path';
import type { Command } from 'commander';
import pc from 'picocolors';
import { PredawnError } from '../../../domain/errors.js';
import type { Project } from '../../../domain/job.js';
import type { Candidate, Tolerance } from '../../../domain/registry.js';
import { addGolden } from '../../../run/add-golden.js';
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
  if (options.golden === undefined) {
    refuseWithoutGolden(options);
    return { candidate, remarks: [] };
  }
  const read = (file: string) => services.readTable(path.resolve(cwd, file), file);
  const golden = await read(options.golden);
  const expected = options.expected === undefined ? undefined : await read(options.expected);
  const { signature } = candidate.manifest;
  const { job, readAs } = await findGoldenJob(project, options.job, name, signature, golden);
  const asked = { golden, expected, tolerance: options.tolerance ?? DEFAULT_TOLERANCE, job };
  const verified = await addGolden(candidate, asked, services);
  const remarks = [readAs];
  if (verified.recorded.length > 0)
    remarks.push(
      `Not in ${expected!.path}, so expected as onnxruntime gives it now: ${verified.recorded.join(', ')}.`,
    );
  return { candidate: verified.candidate, remarks };
}

function refuseWithoutGolden(options: AddOptions): void {
  const needless = (['expected', 'tolerance', 'job'] as const).filter((name) => options[name] !== undefined);
  if (needless.length === 0) return;
  throw new PredawnError(
    'usage',
    'golden.none',
    `${needless.map((name) => `--${name}`).join(' and ')} without --golden: there are no rows to check.`,
    { hint: 'Give the rows, too: --golden golden.csv.' },
  );
}
