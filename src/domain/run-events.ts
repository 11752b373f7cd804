import type { GateResult } from './job-gates.js';
import type { DataWindow } from './window.js';

/** The parts of a run that take time, in their order. */
export type RunStage =
  'artefact' | 'model' | 'input' | 'destination' | 'attempt' | 'score' | 'stage' | 'gates' | 'publish';

/** A named column with its type, in the words of whoever holds it: `text`, `integer`, `float8`. */
export interface DescribedColumn {
  readonly name: string;
  readonly type: string;
}

/** What a run reads and where its rows go, known before any row is read. Locations carry no credentials. */
export interface RunDescription {
  readonly artefact: string;
  readonly input: {
    readonly location: string;
    /** What was read, as the job file has it: a path with `{date}`, or a query. */
    readonly read: { readonly csv: string } | { readonly query: string };
    readonly columns: readonly DescribedColumn[];
  };
  readonly output: {
    readonly location: string;
    readonly table: string;
    readonly columns: readonly DescribedColumn[];
  };
}

/** What a run says of itself as it goes on. Instants are in milliseconds since 1970. */
export type RunEvent =
  | { readonly kind: 'dated'; readonly asOf: string; readonly window: DataWindow }
  /** For an input that is not complete. */
  | { readonly kind: 'waiting'; readonly reason: string; readonly until: string }
  | { readonly kind: 'described'; readonly description: RunDescription }
  | {
      readonly kind: 'started';
      readonly attemptId: string;
      readonly asOf: string;
      readonly artefact: string;
      readonly expectedBytes: number | undefined;
    }
  | { readonly kind: 'scored'; readonly rows: number; readonly rejected: number; readonly bytes: number }
  | {
      readonly kind: 'planned' | 'resumed';
      readonly attemptId: string;
      readonly shards: number;
      readonly missing: readonly number[];
    }
  | {
      readonly kind: 'shard';
      readonly attemptId: string;
      readonly shard: number;
      readonly outcome: 'committed' | 'present' | 'late';
    }
  | { readonly kind: 'publishing'; readonly rows: number }
  | ({ readonly kind: 'stage done' } & StageTime)
  | ({ readonly kind: 'gate' } & Pick<GateResult, 'gate' | 'status' | 'detail'>)
  | { readonly kind: 'canary failed'; readonly candidate: string; readonly reason: string }
  | { readonly kind: 'canary advanced'; readonly candidate: string; readonly share: number };

/** How long a part of a run took. */
export interface StageTime {
  readonly stage: RunStage;
  readonly startedAt: number;
  readonly finishedAt: number;
  /** Whether it ended with an error. */
  readonly failed: boolean;
}
