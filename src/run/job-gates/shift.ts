import type { ShiftGate } from '../../domain/job-gates.js';
import type { Histogram } from '../../domain/profile.js';
import { publishedBefore } from '../../domain/usual-rows.js';
import { chanceShift, shiftOfCounts } from '../profile/population-shift.js';
import type { Finding, GateFacts } from './finding.js';

const KINDS = { score_shift: 'scores', feature_shift: 'features' } as const;
const NAMED = 5;

/** How far scores, or features, have moved from the profile of the artefact or from the last slices. */
export function shift(gate: keyof typeof KINDS, facts: GateFacts): Finding[] {
  const { job, asOf, artefact, tally, known } = facts;
  const rules = job.gates?.[gate];
  if (rules === undefined || known === undefined || tally.scored === 0) return [];
  const kind = KINDS[gate];
  const head = { gate, action: rules.action, mayBlock: true } as const;
  const undecided = (detail: string): Finding[] => [{ ...head, found: 'undecided', detail }];
  const found = tally.distributions?.[kind] ?? [];
  if (found.length === 0)
    return undecided(
      tally.distributions === undefined
        ? `${artefact} has no profile: add its model again with predawn model add, --golden or --profile, and promote that version`
        : `the profile of ${artefact} has none of these ${kind}`,
    );

  if (rules.slices === undefined)
    return [{ ...head, ...held(rules, found, ({ expected }) => expected, `the profile of ${artefact}`) }];
  const slices = publishedBefore(asOf, known).slice(-rules.slices);
  const compared = slices.flatMap(({ current }) => current?.receipt?.distributions?.[kind] ?? []);
  if (compared.length === 0)
    return undecided(`none of the slices before has counts of its ${kind} yet; this one's are kept`);
  const reference = (histogram: Histogram) => sumOf(compared, histogram);
  const counted = slices.filter(
    ({ current }) => current?.receipt?.distributions?.[kind] !== undefined,
  ).length;
  const mayBlock = counted === rules.slices;
  const few = mayBlock ? '' : `; it needs ${rules.slices} before it can block`;
  const { found: outcome, detail } = held(rules, found, reference, `the last ${counted} slices`);
  return [{ ...head, mayBlock, found: outcome, detail: detail + few }];
}

/** Of the same column in the same bins; undefined where no slice has them, as after another profile was made. */
function sumOf(compared: readonly Histogram[], { column, bins }: Histogram): readonly number[] | undefined {
  return compared
    .filter((other) => other.column === column && other.bins === bins)
    .map(({ counts }) => counts)
    .reduce<readonly number[] | undefined>(
      (sum, counts) => sum?.map((count, bin) => count + counts[bin]!) ?? counts,
      undefined,
    );
}

function held(
  rules: ShiftGate,
  found: readonly Histogram[],
  referenceOf: (histogram: Histogram) => readonly number[] | undefined,
  from: string,
): Pick<Finding, 'found' | 'detail'> {
  const shifts = found.flatMap((histogram) => {
    const reference = referenceOf(histogram);
    if (reference === undefined) return [];
    const { column, counts } = histogram;
    const limit = Object.hasOwn(rules.columns, column) ? rules.columns[column]! : rules.psi;
    // What chance alone may give proves nothing.
    const tooFew = chanceShift(reference, counts) > limit / 2;
    return [{ column, psi: shiftOfCounts(reference, counts), limit, tooFew }];
  });
  const text = ({ column, psi }: (typeof shifts)[number]) => `${column} ${round(psi)}`;
  const telling = shifts.filter(({ tooFew }) => !tooFew).sort((a, b) => b.psi - a.psi);
  const over = telling.filter(({ psi, limit }) => psi > limit);
  const unable = found.length - telling.length;
  const few = unable === 0 ? '' : `; too few rows to tell of ${unable} of ${found.length} columns`;
  if (over.length > 0) {
    const named = over.slice(0, NAMED).map((each) => `${text(each)}, at most ${each.limit}`);
    const more = over.length > NAMED ? `; and ${over.length - NAMED} more` : '';
    return {
      found: 'failed',
      detail: `population stability index from ${from}: ${named.join('; ')}${more}${few}`,
    };
  }
  if (telling.length === 0)
    return {
      found: 'undecided',
      detail: `there are too few rows, here or in ${from}, to tell a shift of ${rules.psi}`,
    };
  return {
    found: 'passed',
    detail: `population stability index from ${from}, the most: ${text(telling[0]!)}${few}`,
  };
}

function round(psi: number): number {
  return Number(psi.toPrecision(3));
}
