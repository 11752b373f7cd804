import type { Joining } from './binding-joining.js';
import type { FeatureSlot, OutputColumn } from './columns.js';
import type { JobGate } from './job-gates.js';
import { didYouMean } from './nearest.js';

/** Reports columns of gates that nothing is known of. */
export function checkGates(
  joining: Joining,
  features: readonly FeatureSlot[],
  outputs: readonly OutputColumn[],
): void {
  const { gates } = joining.job;
  const columns = features.map(({ column }) => column);
  const scores = outputs.filter(
    ({ output, type }) =>
      joining.signature.outputs[output]!.role !== 'label' && type !== 'text' && type !== 'bool',
  );
  checkMissingGate(joining, features);
  const encoded = Object.keys(gates?.unknown_categories?.columns ?? {});
  requireKnown(joining, 'unknown_categories', encoded, columns, FEATURE);
  const shifted = Object.keys(gates?.feature_shift?.columns ?? {});
  requireKnown(joining, 'feature_shift', shifted, columns, FEATURE);
  const moved = Object.keys(gates?.score_shift?.columns ?? {});
  requireKnown(
    joining,
    'score_shift',
    moved,
    scores.map(({ name }) => name),
    SCORE,
  );
}

const FEATURE = { problem: 'no input of the model takes that column', known: 'Columns that are taken' };
const SCORE = { problem: 'no such score is published', known: 'Published scores' };

function requireKnown(
  { report }: Joining,
  gate: JobGate,
  asked: readonly string[],
  known: readonly string[],
  words: typeof FEATURE,
): void {
  for (const column of asked.filter((name) => !known.includes(name))) {
    const all = `${words.known}: ${[...new Set(known)].join(', ') || 'none'}.`;
    report(
      'bind.gate_unknown',
      `gates.${gate} "${column}": ${words.problem}.`,
      didYouMean(column, known, all),
    );
  }
}

/** Reports columns of the gate `missing` that are no feature's, or whose missing values nobody can count. */
function checkMissingGate(joining: Joining, features: readonly FeatureSlot[]): void {
  const { job, report } = joining;
  const asked = Object.keys(job.gates?.missing?.columns ?? {});
  requireKnown(
    joining,
    'missing',
    asked,
    features.map(({ column }) => column),
    FEATURE,
  );
  for (const column of asked) {
    const slots = features.filter((slot) => slot.column === column);
    if (slots.length > 0 && slots.every(({ missing }) => missing.then === 'fill')) {
      report(
        'bind.gate_filled',
        `gates.missing "${column}": its missing values are filled in, so they can't be told from others.`,
        `Write then: nan or then: reject for it under "missing:", or leave it out of the gate.`,
      );
    }
  }
}
