import type { Joining } from './binding-joining.js';
import type { FeatureSlot } from './columns.js';
import { didYouMean } from './nearest.js';

/** Reports columns of the gate `missing` that are no feature's, or whose missing values nobody can count. */
export function checkMissingGate({ job, report }: Joining, features: readonly FeatureSlot[]): void {
  for (const column of Object.keys(job.gates?.missing?.columns ?? {})) {
    const slots = features.filter((slot) => slot.column === column);
    if (slots.length === 0) {
      const names = features.map((slot) => slot.column);
      report(
        'bind.gate_unknown',
        `gates.missing "${column}": no input of the model takes that column.`,
        didYouMean(column, names, `Columns that are taken: ${[...new Set(names)].join(', ')}.`),
      );
    } else if (slots.every(({ missing }) => missing.then === 'fill')) {
      report(
        'bind.gate_filled',
        `gates.missing "${column}": its missing values are filled in, so they can't be told from others.`,
        `Write then: nan or then: reject for it under "missing:", or leave it out of the gate.`,
      );
    }
  }
}
