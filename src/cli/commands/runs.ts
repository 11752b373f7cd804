import type { Command } from 'commander';
import type { LedgerEntry } from '../../domain/ledger.js';
import { parseDataDate } from '../../domain/window.js';
import { using } from '../../run/using.js';
import { newCommand, settingsFor } from '../command.js';
import type { CommandContext } from '../context.js';
import { positiveInteger } from '../options.js';
import { entryJson } from '../ledger-json.js';
import { type CommonOptions, printResult } from '../print.js';
import { handMovesTable, shortId, shownTime } from '../render-moves.js';
import { renderTable } from '../render-table.js';

interface RunsOptions extends CommonOptions {
  readonly date?: string;
  readonly limit: number;
}

export function runsCommand(context: CommandContext): Command {
  return newCommand('runs', 'List attempts, newest first.', [
    'predawn runs',
    'predawn runs churn --date 2026-11-20       every attempt of one data date',
    'predawn runs churn --limit 50 --json',
  ])
    .argument('[job]', 'only this job')
    .option('--date <YYYY-MM-DD>', 'only this data date')
    .option('--limit <count>', 'at most so many', positiveInteger, 20)
    .action(async (job: string | undefined, options: RunsOptions) => {
      const asOf = options.date === undefined ? undefined : parseDataDate(options.date);
      const settings = await settingsFor(options, context);
      const entries = await using(context.services.openLedger(settings), (ledger) =>
        ledger.entries({ job, asOf, limit: options.limit }),
      );
      printResult(context, options, entries.map(entryJson), (colors) =>
        entries.length === 0
          ? `No attempts in ${settings.environment.name} ${asOf === undefined ? 'yet' : `for ${asOf}`}.\n`
          : runsText(entries, colors),
      );
    });
}

function runsText(entries: readonly LedgerEntry[], colors: boolean): string {
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
  const moves = entries.flatMap(({ job, asOf, moves: each }) => each.map((move) => ({ job, asOf, move })));
  return renderTable(head, entries.map(row), colors) + handMovesTable(moves, colors);
}

function row(entry: LedgerEntry): string[] {
  const { receipt, error } = entry;
  return [
    shortId(entry.attemptId),
    entry.job,
    entry.asOf,
    `${entry.status}${note(entry)}${error === undefined ? '' : `: ${error.code}`}`,
    entry.artefact,
    receipt === undefined ? '' : String(receipt.rows.scored),
    receipt === undefined ? '' : String(receipt.rows.rejected),
    shownTime(entry.startedAt),
    receipt === undefined ? '' : receipt.seconds.toFixed(2),
  ];
}

/** What can be done with its rows. */
function note({ status, current, rowsKept, shards }: LedgerEntry): string {
  if (status === 'open' && shards !== undefined) return ` (${shards.committed} of ${shards.count} shards)`;
  if (current) return ' (current)';
  if (status === 'staged') return rowsKept ? ' (can be published)' : ' (rows gone)';
  return status === 'published' && rowsKept ? ' (can be restored)' : '';
}
