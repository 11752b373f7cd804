import { to as copyTo } from 'pg-copy-streams';
import { withClient } from '../database.js';

/** Tuples of a binary COPY (key, probability, label), without its header and trailer: what a stage takes. */
export interface Payloads {
  readonly rows: number;
  readonly first: Uint8Array;
  /** The same keys in the same order, with another probability in every hundredth row. */
  readonly changed: Uint8Array;
  readonly changedRows: number;
}

/** Of a binary COPY file: signature, flags and extension length; a tuple of -1 fields. */
const HEADER_BYTES = 19;
const TRAILER_BYTES = 2;
const EVERY = 100;

/** Keys are texts in ascending order, like those of the customers' file; the probabilities are spread by a hash. */
export async function makePayloads(url: string, rows: number): Promise<Payloads> {
  const probability = '(hashint4(n) & 1048575) / 1048576.0';
  return {
    rows,
    first: await tuples(url, rows, probability),
    changed: await tuples(
      url,
      rows,
      `case when n % ${EVERY} = 0 then ${probability} * 0.9 + 0.1 else ${probability} end`,
    ),
    changedRows: Math.floor(rows / EVERY),
  };
}

function tuples(url: string, rows: number, probability: string): Promise<Uint8Array> {
  const query = `select 'C-' || to_char(n::bigint * 10 + n % 10, 'FM0000000000'), (${probability})::real,
    case when hashint4(n) & 3 = 0 then 'yes' else 'no' end from generate_series(1, ${rows}) as n`;
  return withClient(url, async (client) => {
    const pieces: Buffer[] = [];
    for await (const piece of client.query(copyTo(`copy (${query}) to stdout (format binary)`)))
      pieces.push(piece as Buffer);
    return Uint8Array.from(Buffer.concat(pieces).subarray(HEADER_BYTES, -TRAILER_BYTES));
  });
}
