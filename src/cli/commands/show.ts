import type { Command } from 'commander';
import type { LedgerEntry } from '../../domain/ledger.js';
import { newCommand, settingsFor } from '../command.js';
import type { CommandContext } from '../context.js';
import { findAttempt } from '../find-attempt.js';
import { entryJson } from '../ledger-json.js';
import { type CommonOptions, nextStep, printResult } from '../print.js';
import { moveText } from '../render-moves.js';
import { renderReceipt } from '../render-receipt.js';

export function showCommand(context: CommandContext): Command {
  return newCommand('show', 'Show one attempt: its receipt, or why it failed.', [
    'predawn show 0199f2a1-7b3c',
  ])
    .argument('<attempt>', 'attempt id, or the start of one')
    .action(async (id: string, options: CommonOptions) => {
      const settings = await settingsFor(options, context);
      const entry = await findAttempt(id, settings, context);
      printResult(context, options, entryJson(entry), (colors) => entryText(entry, context.cwd, colors));
    });
}

function entryText(entry: LedgerEntry, cwd: string, colors: boolean): string {
  if (entry.receipt !== undefined) {
    return `${renderReceipt(entry.receipt, cwd, colors)}${historyText(entry)}`;
  }
  const heading = `${entry.job} ${entry.asOf}: attempt ${entry.attemptId} ${entry.status === 'open' ? 'is open' : entry.status} (${entry.artefact} in ${entry.environment}, started ${entry.startedAt})\n`;
  const { shards, status } = entry;
  if (status === 'open' && shards !== undefined) {
    const next = nextStep(`predawn run ${entry.job} --date ${entry.asOf} --resume`, colors);
    return `${heading}  ${shards.committed} of ${shards.count} shards are committed.\n${next}`;
  }
  return entry.error === undefined ? heading : `${heading}  ${entry.error.code}: ${entry.error.message}\n`;
}

/** Whose the slice is, and how it got there. */
function historyText({ current, moves }: LedgerEntry): string {
  const lines = moves.map((move) => `  ${moveText(move)}`);
  if (current) lines.push('  This attempt is the current slice of its date.');
  return lines.length === 0 ? '' : `\n${lines.join('\n')}\n`;
}
