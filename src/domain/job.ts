import type { PromotionRules } from './gate.js';
import type { JobGates } from './job-gates.js';
import type { NotifySettings } from './notify.js';

/** A ceiling: a count of rows, or a share of the rows read (0 to 1). */
export type Limit = { readonly count: number } | { readonly share: number };

export type FileFormat = 'parquet' | 'arrow' | 'csv';
export type TextEncoding = 'utf-8' | 'utf-16le' | 'latin1';

/** Where a job's CSV is and how it is written. */
export interface CsvInput {
  /** With `{date}` for the data date; relative to the project's folder or the environment's `source` folder. */
  readonly path: string;
  readonly delimiter: string;
  /** Undefined where nothing is quoted. */
  readonly quote: string | undefined;
  readonly encoding: TextEncoding;
  /** Column names, for a file that has no header line. */
  readonly header: readonly string[] | undefined;
  /** Whether a last record without a line end means that the file was cut short. */
  readonly finalNewline: 'optional' | 'required';
}

/** How a run knows that the input is complete; everything that is given must hold. Paths have `{date}`, as the CSV's. */
export interface InputReady {
  /** A file that is there once the CSV file is complete. */
  readonly marker: string | undefined;
  /** A file that holds the CSV file's number of rows. */
  readonly rows: string | undefined;
  /** Milliseconds for which the CSV file must not have been written to. */
  readonly quiet: number | undefined;
  /** For queries: a SELECT of one boolean. */
  readonly sql: string | undefined;
  /** Milliseconds that a run waits for all that, and between two looks. */
  readonly wait: number;
  readonly every: number;
}

/** What to do with the missing values of a column; `then` is `nan`, `reject` or a fill value as written. */
export interface MissingRule {
  readonly tokens: readonly string[];
  readonly then: 'nan' | 'reject' | { readonly fill: string | number | boolean };
}

/** When a job is to be run, and what a scheduler does about dates that were missed. */
export interface JobSchedule {
  /** A cron expression of five fields, or a nickname such as `@daily`, in the job's time zone. */
  readonly cron: string;
  /** Calendar days that are looked back for dates without a publication. */
  readonly catchUpDays: number;
  /** Milliseconds after its time for which a date is tried again whose input is not there. */
  readonly inputDeadline: number;
}

/** A job file, checked: `jobs/<name>.yaml`. */
export interface Job {
  readonly name: string;
  /** Relative to `Settings.root`, for messages and receipts. */
  readonly path: string;
  /** `sha256:<hex>` of the file's bytes. */
  readonly digest: string;
  readonly model: string;
  readonly schedule: JobSchedule | undefined;
  /** IANA time zone. */
  readonly timezone: string;
  /** At least one of both; an environment whose source is a database uses the query. */
  readonly input: {
    readonly csv: CsvInput | undefined;
    readonly query: string | undefined;
    readonly ready?: InputReady | undefined;
  };
  readonly key: readonly string[];
  /** Model input to source column(s), where the names differ or the input is a matrix. */
  readonly features: Readonly<Record<string, string | readonly string[]>>;
  readonly missing: Readonly<Record<string, MissingRule>>;
  readonly output: {
    readonly table: string;
    readonly format: FileFormat;
    /** Published name to output expression: `label`, `probabilities[Yes]`, `variable`. Undefined: every output. */
    readonly columns: Readonly<Record<string, string>> | undefined;
  };
  /** More checks between scoring and publishing. */
  readonly gates?: JobGates | undefined;
  readonly limits: { readonly rejects: Limit; readonly inexactIntegers: Limit; readonly minRows: number };
}

/** One environment of `predawn.yaml`, with its `${VARIABLE}`s filled in. */
export interface Environment {
  readonly name: string;
  /** `postgres://…` for queries, or a folder that CSV paths are relative to. */
  readonly source: string | undefined;
  /** `postgres://…`, or a folder. */
  readonly destination: string;
  /** Published attempts of a slice whose rows are kept for restore, the current one included. */
  readonly retain: number;
  /** Who is told of its runs; undefined: nobody. */
  readonly notify?: NotifySettings | undefined;
}

/** What `predawn.yaml` says for every environment. Folders are absolute. */
export interface Project {
  readonly path: string;
  /** The folder that relative paths in settings and job files start from. */
  readonly root: string;
  /** `postgres://…`, or a folder. */
  readonly registry: string;
  /** Folder of files that were fetched from a registry in a database; undefined where nothing is to be kept. */
  readonly cache: string | undefined;
  readonly jobs: string;
  /** In their order; the first one is the default. */
  readonly environments: readonly string[];
  /** What each environment asks of a version before it is made live there, by the environment's name. */
  readonly promotion: Readonly<Record<string, PromotionRules>>;
  /** Worker threads. */
  readonly workers: number;
  /** About how many bytes of input a block has. */
  readonly blockBytes: number;
}

/** A project with one of its environments chosen. */
export interface Settings extends Project {
  readonly environment: Environment;
}
