import { PredawnError } from '../../domain/errors.js';
import type { GateCheck, GateCheckName, GateRules } from '../../domain/gate.js';
import type { Tally } from '../tally.js';
import { noComparison, type ScoreComparison } from './comparison.js';
import type { Replay } from './replay.js';

/** What checks are made from. */
export interface CheckedReplay {
  readonly rules: GateRules;
  readonly replay: Replay;
  /** `churn@3`; undefined where nothing is live. */
  readonly incumbent: string | undefined;
  readonly environment: string;
}

/** The checks that need rows: those that every gate with rows makes, and one for each ceiling. */
export function replayChecks(checked: CheckedReplay): GateCheck[] {
  const { ceilings } = checked.rules;
  return [
    inputCheck(checked),
    scoresCheck(checked.replay),
    ceilings.rejectRate === undefined ? undefined : rejectCheck(checked, ceilings.rejectRate),
    ceilings.millisecondsPer1kRows === undefined
      ? undefined
      : timeCheck(checked, ceilings.millisecondsPer1kRows),
    ceilings.rssMegabytes === undefined ? undefined : memoryCheck(checked, ceilings.rssMegabytes),
    ceilings.scoreShift === undefined ? undefined : shiftCheck(checked, ceilings.scoreShift),
    ceilings.labelChange === undefined ? undefined : labelCheck(checked, ceilings.labelChange),
  ].filter((check) => check !== undefined);
}

type Finding = Pick<GateCheck, 'status' | 'found' | 'detail'> & { readonly hint?: string };

function check(
  name: GateCheckName,
  unit: GateCheck['unit'],
  ceiling: number | null,
  { hint, ...finding }: Finding,
): GateCheck {
  // Whoever passed needs no advice.
  return {
    check: name,
    ...finding,
    ceiling,
    unit,
    hint: finding.status === 'failed' ? (hint ?? null) : null,
  };
}

/** A figure against the most that it may be. */
function within(found: number, ceiling: number, detail: string, hint: string): Finding {
  return { status: found <= ceiling ? 'passed' : 'failed', found, detail, hint };
}

function failed(detail: string, hint?: string): Finding {
  return { status: 'failed', found: null, detail, ...(hint !== undefined && { hint }) };
}

function inputCheck({ replay: { dates, tally } }: CheckedReplay): GateCheck {
  const there = dates.filter(({ absent }) => absent === null);
  const absent = dates.filter(({ absent: reason }) => reason !== null);
  const without = absent.length === 0 ? '' : `none of ${absent.map(({ date }) => date).join(', ')}`;
  const detail =
    there.length === 0
      ? `No rows to look at, ${without}; ${absent[0]?.absent}`
      : `${count(tally.read, 'row')} of ${there.map(({ date }) => date).join(', ')}${without === '' ? '' : `, ${without}`}`;
  return check('input', 'dates', 1, {
    status: there.length === 0 ? 'failed' : 'passed',
    found: there.length,
    detail,
    hint: 'Run the gate where the input is, or name the last data date that has one with --date.',
  });
}

function scoresCheck({ tally }: Replay): GateCheck {
  const nothing = unmeasured(tally);
  if (nothing !== undefined) return check('scores', 'rows', 0, nothing);
  const [first] = tally.faults;
  const found = tally.faults.reduce((sum, fault) => sum + fault.count, 0);
  const detail =
    first === undefined
      ? `${count(tally.scored, 'row')} scored`
      : `${first.column} is ${first.kind === 'not_finite' ? 'NaN or infinite' : 'outside [0, 1]'} in ${count(first.count, 'row')} of ${tally.scored}; first keys: ${first.keys.join(' | ')}`;
  return check(
    'scores',
    'rows',
    0,
    within(
      found,
      0,
      detail,
      'No run publishes such scores. Give the model a value for what is missing ("missing:" in the job file), or mend its export.',
    ),
  );
}

function rejectCheck({ replay: { tally } }: CheckedReplay, ceiling: number): GateCheck {
  const reasons = tally.rejectGroups
    .slice(0, 3)
    .map(({ code, column, count: rows }) => `${rows} ${code}${column === undefined ? '' : ` in ${column}`}`);
  const finding =
    tally.read === 0
      ? failed(NO_INPUT)
      : within(
          tally.rejected / tally.read,
          ceiling,
          `${tally.rejected} of ${count(tally.read, 'row')}${reasons.length > 0 ? `: ${reasons.join('; ')}` : ''}`,
          'Say under "missing:" in the job file what a missing value means, or mend the input.',
        );
  return check('max_reject_rate', 'share', ceiling, finding);
}

function timeCheck({ replay: { millisecondsPer1kRows, tally } }: CheckedReplay, ceiling: number): GateCheck {
  const finding =
    millisecondsPer1kRows === undefined
      ? (unmeasured(tally) ?? failed(NO_INPUT))
      : within(
          millisecondsPer1kRows,
          ceiling,
          'scoring alone, 95th percentile over blocks',
          'Try once more on a machine that does nothing else; a smaller model is faster.',
        );
  return check('max_ms_per_1k_rows', 'ms per 1,000 rows', ceiling, finding);
}

function memoryCheck({ replay: { peakRss, tally }, incumbent }: CheckedReplay, ceiling: number): GateCheck {
  const finding =
    unmeasured(tally) ??
    within(
      peakRss / 1e6,
      ceiling,
      `peak of the whole process${incumbent === undefined ? '' : ', with the live version open beside the new one'}`,
      'Lower block_bytes in predawn.yaml, or make the model smaller.',
    );
  return check('max_rss_mb', 'MB', ceiling, finding);
}

function shiftCheck(checked: CheckedReplay, ceiling: number): GateCheck {
  return check('max_score_shift', 'PSI', ceiling, finding());

  function finding(): Finding {
    const comparison = comparable(checked);
    if (!('shifts' in comparison)) return comparison;
    const { shifts, unpaired, rows } = comparison;
    const [largest] = shifts;
    if (largest === undefined) {
      if (unpaired.length > 0) return failed(`No score has the same name in both: ${unpaired.join(', ')}`);
      return { status: 'not_applicable', found: null, detail: 'The job publishes labels and no scores' };
    }
    const others = shifts.length > 1 ? `, the largest of ${shifts.length} columns` : '';
    return within(
      largest.psi,
      ceiling,
      `${largest.column}, ${count(rows, 'row')} against ${checked.incumbent}${others}`,
      'If the scores are meant to move, accept it with the reason.',
    );
  }
}

function labelCheck(checked: CheckedReplay, ceiling: number): GateCheck {
  return check('max_label_change', 'share', ceiling, finding());

  function finding(): Finding {
    const comparison = comparable(checked);
    if (!('changedLabels' in comparison)) return comparison;
    const { changedLabels, rows } = comparison;
    if (changedLabels === undefined)
      return { status: 'not_applicable', found: null, detail: 'The model gives no label' };
    if (changedLabels === 'incomparable')
      return failed(`It gives other labels than ${checked.incumbent}, which is live`);
    return within(
      changedLabels / rows,
      ceiling,
      `${changedLabels} of ${count(rows, 'row')} against ${checked.incumbent}`,
      'If the labels are meant to change, accept it with the reason.',
    );
  }
}

/** The comparison with what is live, or what there is to say instead. */
function comparable({ replay, incumbent, environment }: CheckedReplay): ScoreComparison | Finding {
  if (incumbent === undefined)
    return {
      status: 'not_applicable',
      found: null,
      detail: `Nothing is live in ${environment} to compare with`,
    };
  const { comparison, tally } = replay;
  if (comparison instanceof PredawnError) {
    return failed(
      noComparison(incumbent, comparison),
      'If there is nothing to compare with, accept it with the reason.',
    );
  }
  const nothing = unmeasured(tally);
  if (nothing !== undefined) return nothing;
  if (comparison === undefined || comparison.rows === 0)
    return failed(`No row could be scored by both it and ${incumbent}`);
  return comparison;
}

const NO_INPUT = 'Not measured: there was no input';

/** A check that could not be made does not hold. */
function unmeasured({ read, scored }: Tally): Finding | undefined {
  if (read === 0) return failed(NO_INPUT);
  if (scored === 0) return failed('Not measured: every row was rejected');
  return undefined;
}

function count(value: number, noun: string): string {
  return `${value.toLocaleString('en-US')} ${noun}${value === 1 ? '' : 's'}`;
}
