import type { FeatureData, RejectCode } from '../domain/columns.js';

const NO_FAULT = -1;

export interface RowFault {
  readonly row: number;
  readonly code: RejectCode;
  readonly column: string;
}

/** What is wrong with the rows of one block: of each row the first fault that is added. */
export class RowFaults {
  readonly #faults: RowFault[] = [];
  /** Index into the faults for each row; made when there is a first one. */
  #ofRow: Int32Array | undefined;
  readonly #inexact: number[] = [];

  constructor(readonly rows: number) {}

  get count(): number {
    return this.#faults.length;
  }

  add(row: number, code: RejectCode, column: string): void {
    this.#ofRow ??= new Int32Array(this.rows).fill(NO_FAULT);
    if (this.#ofRow[row] !== NO_FAULT) return;
    this.#ofRow[row] = this.#faults.push({ row, code, column }) - 1;
  }

  /** Notes an integer that its tensor can't hold exactly. */
  addInexactInteger(row: number): void {
    this.#inexact.push(row);
  }

  has(row: number): boolean {
    return this.#ofRow !== undefined && this.#ofRow[row] !== NO_FAULT;
  }

  /** In input order. */
  all(): readonly RowFault[] {
    return this.#faults.toSorted((one, other) => one.row - other.row);
  }

  /** The rows that have a fault, ascending. */
  faultyRows(): readonly number[] {
    return this.all().map(({ row }) => row);
  }

  /** Inexact integers of the rows without a fault: the others are not scored. */
  inexactIntegers(): number {
    return this.#inexact.filter((row) => !this.has(row)).length;
  }

  /** The tensor without the rows that have a fault. */
  leaveOut(tensor: FeatureData, width: number): FeatureData {
    if (this.count === 0) return tensor;
    let to = 0;
    let from = 0;
    for (const row of [...this.faultyRows(), this.rows]) {
      tensor.copyWithin(to, from * width, row * width);
      to += (row - from) * width;
      from = row + 1;
    }
    return tensor.subarray(0, to);
  }
}
