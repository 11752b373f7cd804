import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { describeError, PredawnError } from '../../../domain/errors.js';
import { newCommand } from '../../command.js';
import type { CommandContext } from '../../context.js';
import { positiveInteger } from '../../options.js';
import { type CommonOptions, nextStep, printResult } from '../../print.js';
import { openRegistry } from './open-registry.js';

export function exportCommand(context: CommandContext): Command {
  return newCommand('export', 'Write a version to one file, to be imported into another registry.', [
    'predawn model export churn 3 churn-3.predawn',
  ])
    .argument('<name>', 'model name')
    .argument('<version>', 'which version', positiveInteger)
    .argument('<file>', 'a new file: a ZIP archive of the model, its golden rows and its manifest')
    .action(async (name: string, version: number, file: string, options: CommonOptions) => {
      const { registry } = await openRegistry(options, context);
      const artefact = await registry.load(name, version);
      const bytes = await context.services.packArtefact(artefact);
      await writeNew(path.resolve(context.cwd, file), file, bytes);
      const json = { file, bytes: bytes.byteLength, model: name, version, digest: artefact.digest };
      printResult(context, options, json, (colors) => {
        const next = nextStep(`predawn model import ${file} --config OTHER/predawn.yaml`, colors);
        return `Wrote ${name}@${version} (${artefact.digest}) to ${file}, ${bytes.byteLength} bytes.${next}`;
      });
    });
}

async function writeNew(file: string, shown: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(file, bytes, { flag: 'wx', mode: 0o640 });
  } catch (cause) {
    throw new PredawnError('usage', 'export.file', `${shown} can't be written: ${describeError(cause)}`, {
      hint: 'Name a file that does not exist yet, in a folder that does.',
      cause,
    });
  }
}
