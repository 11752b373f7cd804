import type { Job } from './job.js';
import type { ModelSignature } from './model.js';
import type { SourceColumn } from './source.js';

/** What messages call the two sides. */
export interface BindingContext {
  /** `churn@3`. */
  readonly modelLabel: string;
  /** A path, or `postgres://host/database`. */
  readonly sourceLabel: string;
}

/** The three things to be joined, and where to report what does not fit. */
export interface Joining extends BindingContext {
  readonly job: Job;
  readonly signature: ModelSignature;
  readonly columns: SourceColumns;
  readonly report: (code: string, message: string, hint: string) => void;
}

export interface FoundColumn {
  readonly column: SourceColumn;
  readonly index: number;
  /** Whether other columns have the same name: which one is meant can't be told. */
  readonly ambiguous: boolean;
}

/** A source's columns by name. */
export class SourceColumns {
  readonly all: readonly SourceColumn[];
  private readonly byName = new Map<string, FoundColumn>();

  constructor(columns: readonly SourceColumn[]) {
    this.all = columns;
    columns.forEach((column, index) => {
      const earlier = this.byName.get(column.name);
      this.byName.set(
        column.name,
        earlier ? { ...earlier, ambiguous: true } : { column, index, ambiguous: false },
      );
    });
  }

  get names(): Iterable<string> {
    return this.byName.keys();
  }

  find(name: string): FoundColumn | undefined {
    return this.byName.get(name);
  }
}
