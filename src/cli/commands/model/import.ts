import type { Command } from 'commander';
import type { Artefact, Candidate } from '../../../domain/registry.js';
import { using } from '../../../run/using.js';
import { openVerifiedModel } from '../../../run/verified-model.js';
import { newCommand } from '../../command.js';
import type { CommandContext } from '../../context.js';
import { type CommonOptions, nextStep, printResult } from '../../print.js';
import { readModel } from '../../read-model.js';
import { manifestText } from '../../render-manifest.js';
import { openRegistry } from './open-registry.js';

export function importCommand(context: CommandContext): Command {
  return newCommand(
    'import',
    'Register a version that was exported from another registry. Makes nothing live.',
    ['predawn model import churn-3.predawn', 'predawn model import churn-3.predawn --name churn_uk'],
  )
    .argument('<file>', 'a file that "predawn model export" wrote')
    .option('--name <name>', 'model name here; default: the one it had')
    .action(async (file: string, options: CommonOptions & { name?: string }) => {
      const { services, cwd } = context;
      const { project, registry } = await openRegistry(options, context);
      const artefact = await services.unpackArtefact(
        await readModel(file, cwd, 'a file that "predawn model export" wrote'),
        file,
      );
      await using(openVerifiedModel(artefact, services), () => Promise.resolve());

      const { name: from, version } = artefact.manifest;
      const name = options.name ?? from;
      const { manifest, created } = await registry.add(name, candidateOf(artefact));
      const json = { created, manifest, exported_as: { model: from, version } };
      printResult(context, options, json, (colors) => {
        const here = `${name}@${manifest.version}`;
        const there = `${from}@${version} of the registry it was exported from`;
        const heading = created ? `Imported ${there} as ${here}` : `${here} is ${there}: nothing was added`;
        const next = `predawn model promote ${name} ${manifest.version} --to ${project.environments[0]!}`;
        return `${heading}\n\n${manifestText(manifest, colors)}${nextStep(next, colors)}`;
      });
    });
}

/** Numbers are each registry's own; who added it, when and with what stays as it was. */
function candidateOf({ manifest, model, golden, profile }: Artefact): Candidate {
  const { signature, opsets, producer, changes, runtime, training, addedAt, addedBy, note } = manifest;
  const facts = { signature, opsets, producer, changes, runtime, training, addedAt, addedBy, note };
  return {
    ...{ model, golden, profile },
    manifest: { ...facts, golden: manifest.golden, profile: manifest.profile },
  };
}
