import { Command } from 'commander';
import { PredawnError } from '../../domain/errors.js';
import type { Project } from '../../domain/job.js';
import type { AliasMove, Manifest, Registry } from '../../domain/registry.js';
import { environmentVariable, newCommand, projectFor } from '../command.js';
import type { CommandContext } from '../context.js';
import { positiveInteger } from '../options.js';
import { type CommonOptions, nextStep, printResult } from '../print.js';
import { moveJson } from '../ledger-json.js';
import { readModel } from '../read-model.js';
import { manifestText } from '../render-manifest.js';
import { renderTable } from '../render-table.js';

export function modelCommand(context: CommandContext): Command {
  const model = new Command('model').description(
    'Artefacts: register, list, make live in an environment, roll back.',
  );
  for (const command of [
    add(context),
    list(context),
    show(context),
    promote(context),
    rollback(context),
    history(context),
  ]) {
    model.addCommand(command);
  }
  return model;
}

function add(context: CommandContext): Command {
  return newCommand('add', 'Register an ONNX file as a version. Makes nothing live.', [
    'predawn model add churn model.onnx --note "retrained on October"',
  ])
    .argument('<name>', 'model name')
    .argument('<file>', 'an ONNX file')
    .option('--note <text>', 'kept in the manifest')
    .action(async (name: string, file: string, options: CommonOptions & { note?: string }) => {
      const { project, registry } = await openRegistry(options, context);
      const candidate = await context.services.prepareCandidate(await readModel(file, context.cwd), {
        addedAt: context.now().toISOString(),
        addedBy: context.user,
        note: options.note,
      });
      const { manifest, created } = await registry.add(name, candidate);
      const environment = project.environments[0]!;
      const live = await registry.alias(name, environment);
      printResult(context, options, { created, manifest }, (colors) => {
        const heading = created
          ? `Registered ${name}@${manifest.version}`
          : `${name}@${manifest.version} has these bytes already`;
        const next = `predawn model promote ${name} ${manifest.version} --to ${environment}`;
        return `${heading}\n\n${manifestText(manifest, colors)}${live?.version === manifest.version ? '' : nextStep(next, colors)}`;
      });
    });
}

function list(context: CommandContext): Command {
  return newCommand('list', 'List models, their versions and where each is live.', [
    'predawn model list',
  ]).action(async (options: CommonOptions) => {
    const { project, registry } = await openRegistry(options, context);
    const rows = await Promise.all(
      (await registry.models()).map((name) => versionsOf(name, project, registry)),
    );
    const entries = rows.flat();
    printResult(context, options, entries.map(entryJson), (colors) =>
      entries.length === 0
        ? `No models in ${registry.location} yet.${nextStep('predawn model add NAME FILE.onnx', colors)}`
        : renderTable(
            ['model', 'version', 'live in', 'added', 'by', 'sha256', 'note'],
            entries.map(({ name, version, manifest, problem, environments }) => [
              name,
              version,
              environments.join(', '),
              manifest?.addedAt.slice(0, 10) ?? '',
              manifest?.addedBy ?? '',
              manifest === undefined ? '' : modelDigest(manifest).slice(0, 12),
              problem === undefined
                ? (manifest.note ?? '')
                : `damaged: see predawn model show ${name} ${version}`,
            ]),
            colors,
          ),
    );
  });
}

function show(context: CommandContext): Command {
  return newCommand('show', 'Show a version: inputs, outputs, classes, digests.', [
    'predawn model show churn',
    'predawn model show churn 3',
  ])
    .argument('<name>', 'model name')
    .argument('[version]', 'default: the newest', positiveInteger)
    .action(async (name: string, version: number | undefined, options: CommonOptions) => {
      const { project, registry } = await openRegistry(options, context);
      const entries = await versionsOf(name, project, registry);
      const entry =
        version === undefined ? entries.at(-1) : entries.find((known) => known.version === version);
      if (entry === undefined) {
        throw new PredawnError(
          'configuration',
          'version.unknown',
          `${name} has no version ${version ?? ''}.`,
          {
            hint: `It has ${entries.map((known) => known.version).join(', ')}.`,
          },
        );
      }
      const { manifest, problem, environments } = entry;
      if (problem !== undefined) throw problem;
      printResult(context, options, entryJson(entry), (colors) =>
        manifestText(manifest, colors, environments),
      );
    });
}

function promote(context: CommandContext): Command {
  return newCommand('promote', 'Make a version live in an environment.', [
    'predawn model promote churn 4 --to production',
  ])
    .argument('<name>', 'model name')
    .argument('<version>', 'which version', positiveInteger)
    .requiredOption('--to <environment>', 'where it becomes live')
    .option('--reason <text>', 'kept in the history')
    .action(
      async (name: string, version: number, options: CommonOptions & { to: string; reason?: string }) => {
        const { project, registry } = await openRegistry(options, context);
        requireEnvironment(options.to, project);
        const before = await registry.alias(name, options.to).catch(() => undefined);
        const move = await registry.promote(name, version, options.to, context.user, options.reason);
        const isLive = before?.version === version;
        printResult(context, options, moveJson(move), () =>
          isLive ? `${name}@${version} is live in ${options.to} already: nothing to do.\n` : moveText(move),
        );
      },
    );
}

function rollback(context: CommandContext): Command {
  return newCommand('rollback', 'Make the version that was live before the last move live again.', [
    'predawn model rollback churn --env production --reason "scores drifted"',
  ])
    .argument('<name>', 'model name')
    .option('--reason <text>', 'kept in the history')
    .action(async (name: string, options: CommonOptions & { reason?: string }) => {
      const { project, registry } = await openRegistry(options, context);
      const environment = options.env ?? environmentVariable(context) ?? project.environments[0]!;
      requireEnvironment(environment, project);
      const move = await registry.rollback(name, environment, context.user, options.reason);
      printResult(context, options, moveJson(move), () => moveText(move));
    });
}

function history(context: CommandContext): Command {
  return newCommand('history', 'List every move of a model’s aliases, oldest first.', [
    'predawn model history churn',
  ])
    .argument('<name>', 'model name')
    .action(async (name: string, options: CommonOptions) => {
      const { registry } = await openRegistry(options, context);
      const moves = await registry.history(name);
      printResult(context, options, moves.map(moveJson), (colors) =>
        renderTable(
          ['at', 'environment', 'action', 'from', 'to', 'by', 'reason'],
          moves.map((move) => [
            move.at.slice(0, 19).replace('T', ' '),
            move.environment,
            move.action,
            move.from ?? '–',
            move.to,
            move.by,
            move.reason ?? '',
          ]),
          colors,
        ),
      );
    });
}

async function openRegistry(
  options: CommonOptions,
  context: CommandContext,
): Promise<{ project: Project; registry: Registry }> {
  const project = await projectFor(options, context);
  return { project, registry: await context.services.openRegistry(project) };
}

function requireEnvironment(name: string, { environments, path: file }: Project): void {
  if (environments.includes(name)) return;
  throw new PredawnError('configuration', 'environment.unknown', `${file} has no environment ${name}.`, {
    hint: `It has ${environments.join(', ')}.`,
  });
}

async function versionsOf(name: string, project: Project, registry: Registry) {
  const aliases = await Promise.all(
    project.environments.map(async (environment) => ({
      environment,
      live: await registry.alias(name, environment),
    })),
  );
  return (await registry.versions(name)).map((stored) => {
    const named = aliases.filter(({ live }) => live?.version === stored.version);
    const environments = named.map(({ environment }) => environment);
    return { name, ...stored, environments };
  });
}

/** An error's message would be missing from its JSON. */
function entryJson({ problem, ...entry }: Awaited<ReturnType<typeof versionsOf>>[number]) {
  return problem === undefined
    ? entry
    : { ...entry, problem: { code: problem.code, message: problem.message, hint: problem.hint } };
}

function modelDigest(manifest: Manifest): string {
  return manifest.files['model.onnx']?.sha256 ?? '';
}

function moveText({ model, environment, from, to }: AliasMove): string {
  return `${model}@${to} is live in ${environment}${from === undefined ? '' : ` (before: ${model}@${from})`}.\n`;
}
