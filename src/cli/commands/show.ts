import type { Command } from 'commander';
import { PredawnError } from '../../domain/errors.js';
import type { LedgerEntry } from '../../domain/ledger.js';
import { using } from '../../run/using.js';
import { newCommand, settingsFor } from '../command.js';
import type { CommandContext } from '../context.js';
import { entryJson } from '../ledger-json.js';
import { type CommonOptions, printResult } from '../print.js';
import { renderReceipt } from '../render-receipt.js';

export function showCommand(context: CommandContext): Command {
  return newCommand('show', 'Show one attempt: its receipt, or why it failed.', [
    'predawn show 0199f2a1-7b3c',
  ])
    .argument('<attempt>', 'attempt id, or the start of one')
    .action(async (id: string, options: CommonOptions) => {
      const settings = await settingsFor(options, context);
      const entry = await using(context.services.openLedger(settings), (ledger) => ledger.find(id));
      if (entry === undefined) {
        throw new PredawnError(
          'usage',
          'attempt.unknown',
          `No single attempt in ${settings.environment.name} has the id ${id}….`,
          {
            hint: 'predawn runs lists them; give at least 6 characters that only one id starts with.',
          },
        );
      }
      printResult(context, options, entryJson(entry), (colors) => entryText(entry, context.cwd, colors));
    });
}

function entryText(entry: LedgerEntry, cwd: string, colors: boolean): string {
  if (entry.receipt !== undefined) {
    return `${renderReceipt(entry.receipt, cwd, colors)}${entry.current ? '\n  This attempt is the current slice of its date.\n' : ''}`;
  }
  const heading = `${entry.job} ${entry.asOf}: attempt ${entry.attemptId} ${entry.status === 'open' ? 'is open' : entry.status} (${entry.artefact} in ${entry.environment}, started ${entry.startedAt})\n`;
  return entry.error === undefined ? heading : `${heading}  ${entry.error.code}: ${entry.error.message}\n`;
}
