import type pg from 'pg';
import { PredawnError } from '../domain/errors.js';
import { onAbort } from './connection.js';
import { CopyOut } from './copy-out.js';
import { type ErrorContext, translate } from './errors.js';
import { TupleCutter } from './tuple-cutter.js';

/** A connection in its snapshot, free to read the tuples of a query with so many columns. */
export interface TupleReader {
  readonly client: pg.Client;
  readonly columns: number;
  readonly context: ErrorContext;
}

/**
 * Reads a query by binary COPY, in pieces of whole tuples of about `pieceBytes`, each with how many there are in it.
 *
 * @throws PredawnError kind `input`, code `postgres.row_count`, where rows are lost on the way; what `translate` makes
 *   of other failures; the signal's reason
 */
export async function* copyTuples(
  { client, columns, context }: TupleReader,
  query: string,
  pieceBytes: number,
  signal: AbortSignal,
): AsyncGenerator<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly rows: number }> {
  signal.throwIfAborted();
  const cutter = new TupleCutter(columns, pieceBytes);
  const copy = client.query(new CopyOut(`copy (\n${query}\n) to stdout (format binary)`));
  const forget = onAbort(signal, () => {
    copy.fail(signal.reason as Error);
  });
  let counted = 0;
  const counting = (bytes: Uint8Array<ArrayBuffer>) => {
    const rows = cutter.rows - counted;
    counted = cutter.rows;
    return { bytes, rows };
  };
  try {
    for await (const piece of copy.pieces()) {
      for (const bytes of cutter.push(piece)) yield counting(bytes);
    }
    for (const bytes of cutter.end()) yield counting(bytes);
    requireCount(context.location, cutter.rows, copy.rowCount);
  } catch (error) {
    signal.throwIfAborted();
    throw translate(error, context);
  } finally {
    forget();
  }
}

function requireCount(location: string, read: number, sent: number): void {
  if (read === sent) return;
  throw new PredawnError(
    'input',
    'postgres.row_count',
    `${location}: the server sent ${sent} rows, but ${read} arrived`,
    { hint: 'Run it again; if it stays so, look for a proxy between here and the server.' },
  );
}
