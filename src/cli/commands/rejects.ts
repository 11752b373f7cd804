import { type Command, Option } from 'commander';
import { loadJob } from '../../config/jobs.js';
import type { Reject } from '../../domain/columns.js';
import type { Settings } from '../../domain/job.js';
import type { Ledger, LedgerEntry } from '../../domain/ledger.js';
import type { OffendingRow } from '../../domain/offending.js';
import { inputFormat } from '../../run/input-format.js';
import { using } from '../../run/using.js';
import { newCommand, settingsFor } from '../command.js';
import type { CommandContext } from '../context.js';
import { findIn } from '../find-attempt.js';
import { type CommonOptions, nextStep, printResult, useColors } from '../print.js';
import { renderOffending, renderRejects } from '../render-rejects.js';
import { writeRejects } from '../write-rejects.js';

interface RejectsOptions extends CommonOptions {
  readonly all?: boolean;
  readonly csv?: string;
}

const SHOWN = 50;
/** Rows under one heading, with --all. */
const PAGE = 1000;

export function rejectsCommand(context: CommandContext): Command {
  return newCommand(
    'rejects',
    'Show the rows that an attempt could not score, or that its gates object to, and why.',
    [
      'predawn rejects 0199f2a1-7b3c',
      'predawn rejects 0199f2a1-7b3c --csv rejected.csv    as the input had them, to be mended for predawn run --replay',
      'predawn rejects 0199f2a1-7b3c --json                all of them, for machines',
    ],
  )
    .argument('<attempt>', 'attempt id, or the start of one; of any attempt, failed ones too')
    .option('--all', `all rows, not the first ${SHOWN}`)
    .addOption(
      new Option(
        '--csv <file>',
        'write all rows as the input had them, under its header line, to a file that only you can read',
      ).conflicts('all'),
    )
    .action(async (id: string, options: RejectsOptions) => {
      const settings = await settingsFor(options, context);
      await using(context.services.openLedger(settings), async (ledger) => {
        const entry = await findIn(ledger, id, settings);
        // An attempt that found its work done read what the published one had read.
        const attemptId = entry.status === 'unchanged' ? entry.receipt?.published_attempt_id : undefined;
        const rejects = ledger.rejects({ ...entry, ...(attemptId !== undefined && { attemptId }) });
        if (options.csv !== undefined)
          await writeFile(options.csv, { entry, rejects, settings }, options, context);
        else if (options.json === true)
          await writeJson(entry, rejects, () => ledger.offending(entry), options, context);
        else {
          await writeTable(entry, rejects, options, context);
          writeOffending(await ledger.offending(entry), options, context);
        }
      });
    });
}

type Rejects = ReturnType<Ledger['rejects']>;

async function writeFile(
  file: string,
  found: { readonly entry: LedgerEntry; readonly rejects: Rejects; readonly settings: Settings },
  options: RejectsOptions,
  context: CommandContext,
): Promise<void> {
  const { entry, settings } = found;
  const job = await loadJob(settings, entry.job);
  const format = await inputFormat(settings, job, entry.asOf, context);
  const rows = await writeRejects(file, found.rejects, format, context);
  printResult(
    context,
    options,
    { ...identity(entry), file, rows },
    (colors) =>
      `Wrote ${count(rows)} of ${about(entry)} to ${file}.\n${nextStep(`predawn run ${entry.job} --date ${entry.asOf} --replay ${file}`, colors)}  Once they are mended, in their order: that scores the date with them.\n`,
  );
}

/** A piece at a time: there may be more of them than fit into one string. */
async function writeJson(
  entry: LedgerEntry,
  rejects: Rejects,
  offending: () => Promise<readonly OffendingRow[]>,
  options: RejectsOptions,
  { stdout }: CommandContext,
): Promise<void> {
  if (options.quiet === true) return;
  const head = JSON.stringify(identity(entry)).slice(0, -1);
  stdout.write(`${head},"rejects":[`);
  let separator = '\n';
  for await (const some of rejects) {
    const lines = some.map(({ line, column, code, raw }) =>
      JSON.stringify({ line, column: column ?? null, code, raw }),
    );
    stdout.write(separator + lines.join(',\n'));
    separator = ',\n';
  }
  stdout.write(`],"offending":${JSON.stringify(await offending())}}\n`);
}

/** What gates of the job file object to: rows that were scored. */
function writeOffending(
  rows: readonly OffendingRow[],
  options: RejectsOptions,
  { stdout, variables }: CommandContext,
): void {
  if (options.quiet === true || rows.length === 0) return;
  const width = stdout.isTTY ? stdout.columns : undefined;
  stdout.write('\nRows that gates object to, the first few of each\n\n');
  stdout.write(renderOffending(rows, width, useColors(stdout, variables)));
}

async function writeTable(
  entry: LedgerEntry,
  rejects: Rejects,
  options: RejectsOptions,
  { stdout, variables }: CommandContext,
): Promise<void> {
  if (options.quiet === true) return;
  const colors = useColors(stdout, variables);
  const width = stdout.isTTY ? stdout.columns : undefined;
  const known = entry.receipt?.rows.rejected;
  let shown = 0;
  for await (const page of pages(rejects, options.all === true ? PAGE : SHOWN + 1)) {
    const rows = options.all === true ? page : page.slice(0, SHOWN);
    stdout.write(shown === 0 ? `Rejected rows of ${about(entry)}\n\n` : '\n');
    stdout.write(renderRejects(rows, width, colors));
    shown += rows.length;
    if (rows.length === page.length) continue;
    stdout.write(
      `\nThe first ${shown}${known === undefined ? '' : ` of ${known}`}; --all shows all of them.\n`,
    );
    return;
  }
  if (shown > 0) return;
  stdout.write(
    known === undefined || known === 0
      ? `No rejected rows are kept of ${about(entry)}.\n`
      : `The ${count(known)} of ${about(entry)} are kept no longer.\n`,
  );
}

/** The same rows, `size` at a time. */
async function* pages(rejects: Rejects, size: number): AsyncGenerator<Reject[]> {
  let page: Reject[] = [];
  for await (const some of rejects) {
    for (const reject of some) {
      page.push(reject);
      if (page.length < size) continue;
      yield page;
      page = [];
    }
  }
  if (page.length > 0) yield page;
}

function identity(entry: LedgerEntry): Record<string, string> {
  return { attempt_id: entry.attemptId, job: entry.job, as_of: entry.asOf, status: entry.status };
}

function about({ attemptId, job, asOf, status }: LedgerEntry): string {
  return `attempt ${attemptId} (${job} ${asOf}, ${status})`;
}

function count(rows: number): string {
  return `${rows} rejected row${rows === 1 ? '' : 's'}`;
}
