import type { Command } from 'commander';
import { Argument } from 'commander';
import { jobFileJsonSchema, settingsJsonSchema } from '../../config/json-schema.js';
import { newCommand } from '../command.js';
import type { CommandContext } from '../context.js';

export function schemaCommand(context: CommandContext): Command {
  return newCommand('schema', 'Print the JSON Schema of a job file or of predawn.yaml, for editors.', [
    'predawn schema job > job.schema.json',
    'predawn schema settings',
  ])
    .addArgument(new Argument('<file>', 'which file').choices(['job', 'settings']))
    .action((file: 'job' | 'settings') => {
      const schema = file === 'job' ? jobFileJsonSchema() : settingsJsonSchema();
      context.stdout.write(`${JSON.stringify(schema, undefined, 2)}\n`);
    });
}
