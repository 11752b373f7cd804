import type { Reject } from '../domain/columns.js';
import type { RejectGroup, ScoreFault, Tally } from '../domain/tally.js';
import { type BlockFigures, mergeFigures } from './block-figures.js';
import type { ScoredBlock } from './block-scorer.js';
import { NAMED_KEYS } from './score-faults.js';

export type { RejectGroup, Tally };

export interface RunningTally {
  add(
    block: Pick<ScoredBlock, 'read' | 'rows' | 'inexactIntegers' | 'faults' | 'figures'>,
    rejects: readonly Reject[],
  ): void;
  read(): Tally;
}

export function startTally(): RunningTally {
  let read = 0;
  let scored = 0;
  let rejected = 0;
  let inexactIntegers = 0;
  const groups = new Map<string, RejectGroup>();
  const faults = new Map<string, ScoreFault>();
  let figures: BlockFigures = {};

  return {
    add(block, rejects) {
      read += block.read;
      scored += block.rows;
      rejected += rejects.length;
      inexactIntegers += block.inexactIntegers;
      for (const reject of rejects) addReject(groups, reject);
      for (const fault of block.faults) addFault(faults, fault);
      figures = mergeFigures(figures, block.figures ?? {});
    },
    read: () => ({
      read,
      scored,
      rejected,
      inexactIntegers,
      rejectsByCode: countByCode(groups.values()),
      rejectGroups: [...groups.values()].sort((a, b) => b.count - a.count),
      faults: [...faults.values()],
      ...figures,
    }),
  };
}

/** The tally of a whole run from those of its parts, in input order. */
export function mergeTallies(tallies: readonly Tally[]): Tally {
  const groups = new Map<string, RejectGroup>();
  const faults = new Map<string, ScoreFault>();
  const sum = (figure: (tally: Tally) => number) =>
    tallies.reduce((total, tally) => total + figure(tally), 0);
  // As `read` gives them, groups of equal counts come in the order in which they were met.
  const met = (groupsOfOne: readonly RejectGroup[]) =>
    [...groupsOfOne].sort((a, b) => a.firstLine - b.firstLine);
  for (const tally of tallies) {
    for (const group of met(tally.rejectGroups)) addGroup(groups, group);
    for (const fault of tally.faults) addFault(faults, fault);
  }
  return {
    read: sum(({ read }) => read),
    scored: sum(({ scored }) => scored),
    rejected: sum(({ rejected }) => rejected),
    inexactIntegers: sum(({ inexactIntegers }) => inexactIntegers),
    rejectsByCode: countByCode(groups.values()),
    rejectGroups: [...groups.values()].sort((a, b) => b.count - a.count),
    faults: [...faults.values()],
    ...tallies.reduce<BlockFigures>(mergeFigures, {}),
  };
}

function addReject(groups: Map<string, RejectGroup>, { code, column, line }: Reject): void {
  addGroup(groups, { code, column, count: 1, firstLine: line });
}

function addGroup(groups: Map<string, RejectGroup>, { code, column, count, firstLine }: RejectGroup): void {
  const key = `${code}\0${column ?? ''}`;
  const known = groups.get(key);
  groups.set(key, {
    code,
    column,
    count: (known?.count ?? 0) + count,
    firstLine: known?.firstLine ?? firstLine,
  });
}

function addFault(faults: Map<string, ScoreFault>, fault: ScoreFault): void {
  const key = `${fault.kind}\0${fault.column}`;
  const known = faults.get(key);
  if (known === undefined) faults.set(key, fault);
  else {
    const keys = [...known.keys, ...fault.keys].slice(0, NAMED_KEYS);
    faults.set(key, { ...fault, count: known.count + fault.count, keys });
  }
}

function countByCode(groups: Iterable<RejectGroup>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { code, count } of groups) counts[code] = (counts[code] ?? 0) + count;
  return counts;
}
