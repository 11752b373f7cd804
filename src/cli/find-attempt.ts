import { PredawnError } from '../domain/errors.js';
import type { Settings } from '../domain/job.js';
import type { Ledger, LedgerEntry } from '../domain/ledger.js';
import { using } from '../run/using.js';
import type { CommandContext } from './context.js';

/** The attempt that a person named by its id or the start of it. @throws PredawnError kind `usage` for none or several */
export function findAttempt(id: string, settings: Settings, context: CommandContext): Promise<LedgerEntry> {
  return using(context.services.openLedger(settings), (ledger) => findIn(ledger, id, settings));
}

/** The same in a ledger that is open. */
export async function findIn(ledger: Ledger, id: string, settings: Settings): Promise<LedgerEntry> {
  const entry = await ledger.find(id);
  if (entry !== undefined) return entry;
  throw new PredawnError(
    'usage',
    'attempt.unknown',
    `No single attempt in ${settings.environment.name} has the id ${id}….`,
    {
      hint: 'predawn runs lists them; give at least 6 characters that only one id starts with.',
    },
  );
}
