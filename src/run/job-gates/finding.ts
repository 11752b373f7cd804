import type { Job } from '../../domain/job.js';
import type { AcceptedGates, GateAction } from '../../domain/job-gates.js';
import type { LedgerDate } from '../../domain/ledger.js';
import type { SqlFinding } from '../../domain/publication.js';
import type { Tally } from '../../domain/tally.js';

/** What a gate found: `passed` or not, or that it can't tell; `mayBlock` is false where it knows too little for that. */
export interface Finding {
  /** One of `JOB_GATES`, or the name of a check. */
  readonly gate: string;
  readonly action: GateAction;
  readonly found: 'passed' | 'failed' | 'undecided';
  readonly mayBlock: boolean;
  readonly detail: string;
}

/** What the gates of a job file look at. */
export interface GateFacts {
  readonly job: Job;
  readonly asOf: string;
  /** `name@version`. */
  readonly artefact: string;
  readonly tally: Tally;
  /** The dates before, as far back as gates look; undefined where not all rows were read. */
  readonly known: readonly LedgerDate[] | undefined;
  /** What the job's checks in SQL found, by name; undefined for one that was not asked. */
  readonly sqlChecks?: Readonly<Record<string, SqlFinding | undefined>> | undefined;
  readonly accept: AcceptedGates | undefined;
  readonly by: string;
}

export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))}%`;
}

export function rows(count: number): string {
  return `${count.toLocaleString('en-US')} row${count === 1 ? '' : 's'}`;
}
