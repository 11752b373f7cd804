import { Command } from 'commander';
import type { CommandContext } from '../../context.js';
import { addCommand } from './add.js';
import { canaryCommand } from './canary.js';
import { diffCommand } from './diff.js';
import { exportCommand } from './export.js';
import { gateCommand } from './gate.js';
import { historyCommand } from './history.js';
import { importCommand } from './import.js';
import { listCommand } from './list.js';
import { promoteCommand } from './promote.js';
import { rollbackCommand } from './rollback.js';
import { shadowCommand } from './shadow.js';
import { showCommand } from './show.js';

/** `predawn model …`; a subcommand is one file beside this one and one line here. */
export function modelCommand(context: CommandContext): Command {
  const model = new Command('model').description(
    'Artefacts: register, list, make live in an environment, roll back.',
  );
  for (const command of [
    addCommand(context),
    listCommand(context),
    showCommand(context),
    diffCommand(context),
    gateCommand(context),
    promoteCommand(context),
    rollbackCommand(context),
    shadowCommand(context),
    canaryCommand(context),
    historyCommand(context),
    exportCommand(context),
    importCommand(context),
  ]) {
    model.addCommand(command);
  }
  return model;
}
