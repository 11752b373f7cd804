import type { Command } from 'commander';
import { newCommand } from '../../command.js';
import type { CommandContext } from '../../context.js';
import { type CommonOptions, nextStep, printResult } from '../../print.js';
import { readModel } from '../../read-model.js';
import { manifestText } from '../../render-manifest.js';
import { openRegistry } from './open-registry.js';

export function addCommand(context: CommandContext): Command {
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
        training: undefined,
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
