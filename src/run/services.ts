import type { DecoderSpec } from '../domain/codecs.js';
import type { CsvInput, Job, Project, Settings } from '../domain/job.js';
import type { Ledger } from '../domain/ledger.js';
import type { NotifySettings } from '../domain/notify.js';
import type { Publication } from '../domain/publication.js';
import type { RuntimeVersions } from '../domain/receipt.js';
import type { Artefact, Candidate, Registry } from '../domain/registry.js';
import type { Receiver, RunListener, ToldRun } from '../domain/run-listener.js';
import type { InputReadiness, Source, SourceDescription } from '../domain/source.js';
import type { TextTable } from '../domain/text-table.js';
import type { DataWindow } from '../domain/window.js';
import type { Codecs } from './block-scorer.js';

/** Everything that touches the outside, opened on demand. `wiring.ts` builds the real one, tests may build theirs. */
export interface Services {
  openRegistry(project: Project): Promise<Registry>;
  openSource(request: SourceRequest): Promise<Source>;
  /** Whether the input is complete by `input.ready` of the job, which has one. */
  inputReadiness(request: SourceRequest, now: Date): Promise<InputReadiness>;
  openPublication(settings: Settings): Promise<Publication>;
  /** A destination that stages and gates, and whose every trace is removed when it is closed. */
  openScratchPublication(): Promise<Publication>;
  openLedger(settings: Settings): Promise<Ledger>;
  /** Reads, mends and measures a model file for `Registry.add`: without golden rows so far. */
  prepareCandidate(
    bytes: Uint8Array,
    facts: Pick<Candidate['manifest'], 'addedAt' | 'addedBy' | 'note' | 'training'>,
  ): Promise<Candidate>;
  /** A version as one file, and such a file read and checked; `where` is its path for messages. */
  packArtefact(artefact: Artefact): Promise<Uint8Array>;
  unpackArtefact(bytes: Uint8Array, where: string): Promise<Artefact>;
  /** A small CSV file as texts, by its absolute path; `shown` is the path for messages. */
  readTable(file: string, shown: string): Promise<TextTable>;
  /** The table as the records of a CSV file. */
  tableAsCsv(table: TextTable): Promise<{ decoder: DecoderSpec; bytes: Uint8Array<ArrayBuffer> }>;
  readonly codecs: Codecs;
  /** The module that a scoring thread runs. */
  readonly workerEntry: URL;
  /** The first rows of an input as texts, with its description: for `init`. */
  sampleInput(request: SampleRequest): Promise<InputSample>;
  /** Who is told of a run. */
  openListener(request: ListenerRequest): Promise<RunListener>;
  /** Everyone who is told of runs, to look at or to try. */
  receivers(notify: NotifySettings): Promise<readonly Receiver[]>;
  /** What a DBA runs instead of letting predawn create its schema. */
  migrationSql(): Promise<string>;
  readonly versions: RuntimeVersions;
}

export interface ListenerRequest {
  readonly notify: NotifySettings;
  readonly run: ToldRun;
  /** Undefined where the settings can't be used: then the ledger is not asked. */
  readonly settings: Settings | undefined;
}

export interface SourceRequest {
  readonly settings: Settings;
  readonly job: Job;
  readonly asOf: string;
  readonly window: DataWindow;
  readonly signal: AbortSignal;
}

/** An input that has no job file yet: a CSV file by its absolute path, or a query of a database. */
export type SampleRequest = {
  readonly asOf: string;
  readonly window: DataWindow;
  readonly signal: AbortSignal;
} & (
  | { readonly kind: 'csv'; readonly file: string }
  | { readonly kind: 'query'; readonly url: string; readonly query: string }
);

export interface InputSample {
  readonly description: SourceDescription;
  /** Up to 1,000 rows. */
  readonly rows: readonly Record<string, string>[];
  /** How a CSV file seems to be written. */
  readonly csv: CsvInput | undefined;
}
