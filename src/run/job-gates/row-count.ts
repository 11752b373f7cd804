import { medianRows, SAME_WEEKDAY, sameWeekday } from '../../domain/usual-rows.js';
import { type Finding, type GateFacts, percent, rows } from './finding.js';

/** How many of the same weekday's last slices are compared with. */
const COMPARED = 8;
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** Rows scored against the usual number of the weekday. */
export function rowCount({ job, asOf, tally, known }: GateFacts): Finding[] {
  const rules = job.gates?.row_count;
  if (rules === undefined || known === undefined) return [];
  const slices = sameWeekday(asOf, known).slice(-COMPARED);
  const weekday = WEEKDAYS[new Date(asOf).getUTCDay()]!;
  const mayBlock = slices.length >= SAME_WEEKDAY;
  const head = { gate: 'row_count', action: rules.action, mayBlock } as const;
  const few = mayBlock ? '' : `; it needs ${SAME_WEEKDAY} before it can block`;
  const usual = slices.length === 0 ? 0 : medianRows(slices);
  if (usual === 0) {
    const why = slices.length === 0 ? 'no slice of' : 'only slices without rows of';
    return [{ ...head, found: 'undecided', detail: `there is ${why} a ${weekday} to compare with${few}` }];
  }
  const share = tally.scored / usual;
  const tooFew = share < rules.at_least;
  const tooMany = share > (rules.at_most ?? Infinity);
  const limit = tooMany ? `most ${percent(rules.at_most!)}` : `least ${percent(rules.at_least)}`;
  const detail = `${rows(tally.scored)} are ${percent(share)} of the usual ${rows(usual)} of a ${weekday} (median of ${slices.length}); at ${limit} is asked for${few}`;
  return [{ ...head, found: tooFew || tooMany ? 'failed' : mayBlock ? 'passed' : 'undecided', detail }];
}
