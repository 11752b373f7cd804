import type { Job, Settings } from '../domain/job.js';
import type { AcceptedGates } from '../domain/job-gates.js';
import type { RunEvent } from '../domain/run-events.js';
import type { Services } from './services.js';

/** What is asked of a run. */
export interface RunRequest {
  readonly settings: Settings;
  readonly job: Job;
  /** YYYY-MM-DD; undefined means yesterday in the job's time zone. */
  readonly date: string | undefined;
  /** Score and gate, publish nothing. */
  readonly dryRun: boolean;
  /** Publish although this very input, artefact and job file are published, or the date is not over. */
  readonly force: boolean;
  /** Score at most so many rows; never publishes. */
  readonly limit: number | undefined;
  /** Score and gate, and keep the rows beside the slice until someone publishes them. */
  readonly stageOnly?: boolean;
  /** Score and gate, and compare with the slice; publishes nothing. */
  readonly compare?: boolean;
  /** Absolute path of a file of mended rows, which are scored in place of the rejected ones. */
  readonly replay?: string | undefined;
  /** Gates of the job file that a person lets pass. */
  readonly accept?: AcceptedGates | undefined;
}

/** The same in shards. */
export interface ShardedRequest extends RunRequest {
  /** How many; undefined with `resume` alone. An attempt that is resumed keeps its own. */
  readonly shards: number | undefined;
  /** Go on with the attempt that is open, and do nothing where there is none or where it has become another. */
  readonly resume: boolean;
}

/** What a run may touch beside its services: the clock, identities, a way to be stopped, and who listens. */
export interface RunContext {
  readonly services: Services;
  readonly signal: AbortSignal;
  /** Who runs it, for the history of the slice. */
  readonly user: string;
  now(): Date;
  newAttemptId(): string;
  /** Called as the run goes on: for progress on a terminal and for logs. */
  onEvent(event: RunEvent): void;
}
