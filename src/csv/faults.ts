import type { Reject, RejectCode } from '../domain/columns.js';
import type { Records } from './records.js';

const NO_FAULT = -1;

/** Notes what is wrong with rows. */
export interface FaultNotes {
  add(row: number, code: RejectCode, column: string): void;
  /** Notes an integer that its tensor cannot hold exactly. */
  addInexactInteger(row: number): void;
}

/** What is wrong with the rows of one block: of each row the first fault that is added. */
export class RowFaults implements FaultNotes {
  readonly #codes: RejectCode[] = [];
  readonly #columns: string[] = [];
  /** Index into the lists, for each row; made when there is a first fault. */
  #ofRow: Int32Array | undefined;
  readonly #inexact: number[] = [];

  constructor(readonly rows: number) {}

  /** How many rows have a fault. */
  get count(): number {
    return this.#codes.length;
  }

  add(row: number, code: RejectCode, column: string): void {
    this.#ofRow ??= new Int32Array(this.rows).fill(NO_FAULT);
    if (this.#ofRow[row] !== NO_FAULT) return;
    this.#ofRow[row] = this.#codes.length;
    this.#codes.push(code);
    this.#columns.push(column);
  }

  addInexactInteger(row: number): void {
    this.#inexact.push(row);
  }

  /** To note faults of rows that are numbered from row `first` on. */
  from(first: number): FaultNotes {
    return {
      add: (row, code, column) => this.add(first + row, code, column),
      addInexactInteger: (row) => this.addInexactInteger(first + row),
    };
  }

  has(row: number): boolean {
    return this.#ofRow !== undefined && this.#ofRow[row] !== NO_FAULT;
  }

  /** Inexact integers of rows without a fault: the others are not scored. */
  inexactIntegers(): number {
    return this.#inexact.reduce((count, row) => (this.has(row) ? count : count + 1), 0);
  }

  /** Rejects of the faults and of the block's ragged records, in input order. */
  rejects(records: Records): Reject[] {
    const { bytes, stride, bounds, lines, ragged } = records;
    const rejects: Reject[] = ragged.map(({ line, start, end }) => ({
      line,
      column: undefined,
      code: 'field_count',
      raw: bytes.toString('utf8', start, end),
    }));
    if (this.#ofRow === undefined) return rejects;
    this.#ofRow.forEach((fault, row) => {
      if (fault === NO_FAULT) return;
      const start = bounds[row * stride]!;
      const end = bounds[row * stride + stride - 1]! - 1;
      rejects.push({
        line: lines[row]!,
        column: this.#columns[fault],
        code: this.#codes[fault]!,
        raw: bytes.toString('utf8', start, end),
      });
    });
    // No two records start on one line.
    return rejects.sort((one, other) => one.line - other.line);
  }
}
