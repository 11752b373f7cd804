import type { GateCheck } from '../../domain/gate.js';

/** What was measured, in words: `1.2 %`, `PSI 0.31`; empty where there is no number. */
export function foundText(check: GateCheck): string {
  return figure(check, check.found);
}

/** What it is held against: `2 %`, `at least 1`; empty where there is no number. */
export function ceilingText(check: GateCheck): string {
  if (check.ceiling === null) return '';
  return check.check === 'input' ? `at least ${check.ceiling}` : figure(check, check.ceiling);
}

function figure({ unit }: GateCheck, value: number | null): string {
  if (value === null) return '';
  switch (unit) {
    case 'share':
      return `${significant(100 * value)} %`;
    case 'ms per 1,000 rows':
      return `${significant(value)} ms`;
    case 'MB':
      return `${significant(value)} MB`;
    case 'PSI':
      return `PSI ${significant(value)}`;
    case 'rows':
    case 'dates':
      return value.toLocaleString('en-US');
  }
}

/** Three digits, or as many as it takes to have all of the whole number. */
function significant(value: number): string {
  return String(value >= 100 ? Math.ceil(value) : Number(value.toPrecision(3)));
}
