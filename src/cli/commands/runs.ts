import type { Command } from 'commander';
import type { LedgerEntry } from '../../domain/ledger.js';
import { using } from '../../run/using.js';
import { newCommand, settingsFor } from '../command.js';
import type { CommandContext } from '../context.js';
import { positiveInteger } from '../options.js';
import { entryJson } from '../ledger-json.js';
import { type CommonOptions, printResult } from '../print.js';
import { renderTable } from '../render-table.js';

export function runsCommand(context: CommandContext): Command {
  return newCommand('runs', 'List attempts, newest first.', [
    'predawn runs',
    'predawn runs churn --limit 50 --json',
  ])
    .argument('[job]', 'only this job')
    .option('--limit <count>', 'at most so many', positiveInteger, 20)
    .action(async (job: string | undefined, options: CommonOptions & { limit: number }) => {
      const settings = await settingsFor(options, context);
      const entries = await using(context.services.openLedger(settings), (ledger) =>
        ledger.entries({ ...(job !== undefined && { job }), limit: options.limit }),
      );
      printResult(context, options, entries.map(entryJson), (colors) =>
        runsText(entries, settings.environment.name, colors),
      );
    });
}

function runsText(entries: readonly LedgerEntry[], environment: string, colors: boolean): string {
  if (entries.length === 0) return `No attempts in ${environment} yet.\n`;
  const head = [
    'attempt',
    'job',
    'as_of',
    'status',
    'artefact',
    'rows',
    'rejected',
    'started (UTC)',
    'seconds',
  ];
  return renderTable(head, entries.map(row), colors);
}

function row(entry: LedgerEntry): string[] {
  const { receipt, error } = entry;
  return [
    shortId(entry.attemptId),
    entry.job,
    entry.asOf,
    `${entry.status}${entry.current ? ' (current)' : ''}${error === undefined ? '' : `: ${error.code}`}`,
    entry.artefact,
    receipt === undefined ? '' : String(receipt.rows.scored),
    receipt === undefined ? '' : String(receipt.rows.rejected),
    entry.startedAt.slice(0, 19).replace('T', ' '),
    receipt === undefined ? '' : receipt.seconds.toFixed(2),
  ];
}

/** The time part of a UUIDv7, which no two attempts of a person share. */
function shortId(attemptId: string): string {
  return attemptId.slice(0, 13);
}
