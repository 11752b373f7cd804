import type { RestoredDate } from '../run/restore-slices.js';
import { changesText } from './render-move-result.js';
import { shortId } from './render-moves.js';
import { renderTable } from './render-table.js';

/** One line for each date of a range. */
export function restoredTable(dates: readonly RestoredDate[], colors: boolean): string {
  const rows = dates.map(({ asOf, result, error }) => {
    if (result === undefined)
      return [asOf, error === undefined ? 'not tried' : `failed: ${error.code}`, '', '', '', ''];
    const { outcome, attempt, replaced, changes } = result;
    return [
      asOf,
      outcome === 'moved' ? 'restored' : 'was restored',
      shortId(attempt.attemptId),
      attempt.artefact,
      replaced === undefined ? '' : `${shortId(replaced.attemptId)} ${replaced.artefact}`,
      outcome === 'moved' ? changesText(changes) : '',
    ];
  });
  return renderTable(['as_of', 'outcome', 'attempt', 'artefact', 'in place of', 'changes'], rows, colors);
}
