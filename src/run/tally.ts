import type { Reject } from '../domain/columns.js';
import type { ScoredBlock } from './block-scorer.js';
import { NAMED_KEYS, type ScoreFault } from './score-faults.js';

/** What a run has seen so far; the gates and the receipt read it. */
export interface Tally {
  readonly read: number;
  readonly scored: number;
  readonly rejected: number;
  readonly inexactIntegers: number;
  readonly rejectsByCode: Readonly<Record<string, number>>;
  /** Rejects by code and column, most frequent first, with the line of the first one. */
  readonly rejectGroups: readonly RejectGroup[];
  readonly faults: readonly ScoreFault[];
}

export interface RejectGroup {
  readonly code: string;
  readonly column: string | undefined;
  readonly count: number;
  readonly firstLine: number;
}

export interface RunningTally {
  add(
    block: Pick<ScoredBlock, 'read' | 'rows' | 'inexactIntegers' | 'faults'>,
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

  return {
    add(block, rejects) {
      read += block.read;
      scored += block.rows;
      rejected += rejects.length;
      inexactIntegers += block.inexactIntegers;
      for (const reject of rejects) addReject(groups, reject);
      for (const fault of block.faults) addFault(faults, fault);
    },
    read: () => ({
      read,
      scored,
      rejected,
      inexactIntegers,
      rejectsByCode: countByCode(groups.values()),
      rejectGroups: [...groups.values()].sort((a, b) => b.count - a.count),
      faults: [...faults.values()],
    }),
  };
}

function addReject(groups: Map<string, RejectGroup>, { code, column, line }: Reject): void {
  const key = `${code}\0${column ?? ''}`;
  const known = groups.get(key);
  groups.set(key, { code, column, count: (known?.count ?? 0) + 1, firstLine: known?.firstLine ?? line });
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
