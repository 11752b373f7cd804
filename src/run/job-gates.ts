import { PredawnError } from '../domain/errors.js';
import type { Job } from '../domain/job.js';
import { type AcceptedGates, type GateAction, type GateResult, type JobGate } from '../domain/job-gates.js';
import type { LedgerDate } from '../domain/ledger.js';
import type { Tally } from '../domain/tally.js';
import { medianRows, SAME_WEEKDAY, sameWeekday } from '../domain/usual-rows.js';

/** How many of the same weekday's last slices are compared with. */
const COMPARED = 8;
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** What a gate found: `passed` or not, or that it can't tell; `mayBlock` is false where it knows too little for that. */
interface Finding {
  readonly gate: JobGate;
  readonly action: GateAction;
  readonly found: 'passed' | 'failed' | 'undecided';
  readonly mayBlock: boolean;
  readonly detail: string;
}

export interface JudgedGates {
  readonly results: readonly GateResult[];
  /** Of kind `data`, code `gate.<name>`. */
  readonly blocked: readonly PredawnError[];
}

export interface GateFacts {
  readonly job: Job;
  readonly asOf: string;
  readonly tally: Tally;
  /** The dates before, as far back as `row_count` looks; undefined where it is not asked: not all rows were read. */
  readonly known: readonly LedgerDate[] | undefined;
  readonly accept: AcceptedGates | undefined;
  readonly by: string;
}

/** Holds the tally against the gates of the job file. */
export function judgeJobGates(facts: GateFacts): JudgedGates {
  const results: GateResult[] = [];
  const blocked: PredawnError[] = [];
  for (const finding of findings(facts)) {
    const { gate, action, found, mayBlock, detail } = finding;
    if (found !== 'failed') results.push({ gate, status: found, detail });
    else if (action === 'warn' || !mayBlock) results.push({ gate, status: 'warned', detail });
    else if (facts.accept?.gates.includes(gate) === true) {
      const accepted = { by: facts.by, reason: facts.accept.reason };
      results.push({ gate, status: 'accepted', detail, accepted });
    } else blocked.push(blocks(facts, finding));
  }
  return { results, blocked };
}

function findings(facts: GateFacts): Finding[] {
  return [...rowCount(facts), ...constantScores(facts), ...missingValues(facts)];
}

function rowCount({ job, asOf, tally, known }: GateFacts): Finding[] {
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

function constantScores({ job, tally }: GateFacts): Finding[] {
  const rules = job.gates?.constant_scores;
  if (rules === undefined || tally.scored === 0) return [];
  const head = { gate: 'constant_scores', action: rules.action, mayBlock: true } as const;
  // One row has one score.
  if (tally.scored === 1) return [{ ...head, found: 'undecided', detail: 'there is one row' }];
  const ranges = tally.scoreRanges ?? [];
  const constant = ranges.filter(({ least, most }) => least === most);
  if (constant.length === 0) {
    const found = ranges.length === 0 ? 'undecided' : 'passed';
    const detail = ranges.length === 0 ? 'no score is a number' : 'every score varies';
    return [{ ...head, found, detail }];
  }
  const named = constant.map(({ column, least }) => `${column} is ${least}`).join(', ');
  return [{ ...head, found: 'failed', detail: `${named} in all ${rows(tally.scored)}; a score must vary` }];
}

function missingValues({ job, tally }: GateFacts): Finding[] {
  const rules = job.gates?.missing;
  if (rules === undefined || tally.read === 0) return [];
  const head = { gate: 'missing', action: rules.action, mayBlock: true } as const;
  const shares = [...missingCounts(tally)].map(([column, count]) => {
    const limit = Object.hasOwn(rules.columns, column) ? rules.columns[column] : rules.at_most;
    return { column, count, share: count / tally.read, limit };
  });
  const over = shares.filter(({ share, limit }) => limit !== undefined && share > limit);
  if (over.length === 0) {
    const most = shares.sort((a, b) => b.share - a.share)[0];
    const detail =
      most === undefined || most.count === 0 ? 'no value is missing' : `most: ${shareText(most)}`;
    return [{ ...head, found: 'passed', detail }];
  }
  const named = over.map((each) => `${shareText(each)}, at most ${percent(each.limit!)}`).join('; ');
  return [{ ...head, found: 'failed', detail: `missing values in ${named}` }];

  function shareText({ column, count, share }: { column: string; count: number; share: number }): string {
    return `${column} ${percent(share)} (${count} of ${rows(tally.read)})`;
  }
}

/** Rows without a value by column: those that the model took as NaN, and those that were rejected for it. */
function missingCounts({ missing = [], rejectGroups }: Tally): Map<string, number> {
  const counts = new Map(missing.map(({ column, count }) => [column, count]));
  for (const { code, column, count } of rejectGroups) {
    if (code !== 'missing' || column === undefined) continue;
    counts.set(column, (counts.get(column) ?? 0) + count);
  }
  return counts;
}

function blocks({ job, asOf }: GateFacts, { gate, detail }: Finding): PredawnError {
  return new PredawnError('data', `gate.${gate}`, `${gate}: ${detail}.`, {
    hint: `If that is right: predawn run ${job.name} --date ${asOf} --accept ${gate} --reason TEXT. To be warned instead, set gates.${gate}.action to warn in ${job.path}.`,
  });
}

/** What a receipt warns of. */
export function gateWarnings(results: readonly GateResult[]): string[] {
  return results.flatMap(({ gate, status, detail, accepted }) => {
    if (status === 'warned') return [`${gate}: ${detail}`];
    if (accepted === undefined) return [];
    return [`${gate} accepted by ${accepted.by} (${accepted.reason}): ${detail}`];
  });
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))}%`;
}

function rows(count: number): string {
  return `${count.toLocaleString('en-US')} row${count === 1 ? '' : 's'}`;
}
