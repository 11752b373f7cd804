import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { PredawnError } from '../domain/errors.js';
import { onAbort } from './connection.js';
import { type ErrorContext, translate } from './errors.js';
import { TupleCutter } from './tuple-cutter.js';

/** A connection in its snapshot, free to read the tuples of a query with so many columns. */
export interface TupleReader {
  readonly client: pg.Client;
  readonly columns: number;
  readonly context: ErrorContext;
}

/** Rows that may wait in memory, beside the block that is being cut. */
const READ_AHEAD_BYTES = 256 * 1024;

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
  const sql = `copy (\n${query}\n) to stdout (format binary)`;
  const stream = client.query(copyTo(sql, { highWaterMark: READ_AHEAD_BYTES }));
  let failure: Error | undefined;
  // Also one that comes after the last row, or when nobody reads any more.
  stream.on('error', (error) => {
    failure = error;
  });
  const forget = onAbort(signal, () => {
    stream.destroy(signal.reason as Error);
  });
  let counted = 0;
  const counting = (bytes: Uint8Array<ArrayBuffer>) => {
    const rows = cutter.rows - counted;
    counted = cutter.rows;
    return { bytes, rows };
  };
  try {
    for await (const piece of stream as AsyncIterable<Uint8Array>) {
      for (const bytes of cutter.push(piece)) yield counting(bytes);
    }
    for (const bytes of cutter.end()) yield counting(bytes);
    // The rows end before the server says how many there were: it has, when it answers to what follows.
    await client.query('');
    if (failure !== undefined) throw failure;
    requireCount(context.location, cutter.rows, stream.rowCount);
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
