import { createHash } from 'node:crypto';
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { Block } from '../domain/columns.js';
import { PredawnError } from '../domain/errors.js';
import type { InputSummary, Source, SourceDescription } from '../domain/source.js';
import { connect, cutOff, describeUrl, disconnect, onAbort } from './connection.js';
import { describeQuery, WRAPPER_LINE } from './describe-query.js';
import { translate, type ErrorContext } from './errors.js';
import { placeParameters, type QueryParameters } from './query-text.js';
import { TupleCutter } from './tuple-cutter.js';

export interface PostgresSourceOptions {
  /** `postgres://…`, with credentials. */
  readonly url: string;
  /** As the job file has it, with `:date`, `:from` and `:to`. */
  readonly query: string;
  readonly window: QueryParameters;
  readonly blockBytes: number;
  /** For messages, and with `asOf` for the name that the connection has on the server. */
  readonly job: string;
  /** YYYY-MM-DD. */
  readonly asOf: string;
  readonly signal?: AbortSignal;
}

/**
 * Opens the result of a query as input: one read-only snapshot, described at once and read by binary COPY. Rows come in
 * the query's order, and the fingerprint is of the bytes in that order. `close` it in every case.
 *
 * @throws PredawnError kind `configuration` for a query that the server or `placeParameters` refuses, else what
 *   `translate` makes of the failure
 */
export async function openPostgresSource(options: PostgresSourceOptions): Promise<Source> {
  const { url, job, asOf, signal } = options;
  const query = placeParameters(options.query, options.window);
  const context: ErrorContext = { location: describeUrl(url), doing: `reading the query of job ${job}` };
  const client = await connect(url, { applicationName: `predawn ${job} ${asOf}`, signal });
  const forget = onAbort(signal, () => {
    cutOff(client);
  });
  try {
    await beginSnapshot(client);
    const description = await describeQuery(client, query);
    return new PostgresSource(client, query, description, options.blockBytes, context);
  } catch (error) {
    await disconnect(client);
    signal?.throwIfAborted();
    const statement = { name: 'the query', text: WRAPPER_LINE + query, linesBefore: 1 };
    throw translate(error, { ...context, statement });
  } finally {
    forget();
  }
}

/** Rows that may wait in memory, beside the block that is being cut. */
const READ_AHEAD_BYTES = 256 * 1024;

/** One snapshot for describing and reading, in which nothing can be written. */
async function beginSnapshot(client: pg.Client): Promise<void> {
  // The server then notices within seconds that a run was killed, also while the query has not given a row yet.
  // It is a convenience: servers before 14, and some platforms, do not offer it.
  await client.query("set client_connection_check_interval = '2s'").catch(() => undefined);
  await client.query(
    `set TimeZone to 'UTC';
     set standard_conforming_strings to on;
     set idle_in_transaction_session_timeout to 0;
     begin transaction isolation level repeatable read, read only`,
  );
}

class PostgresSource implements Source {
  readonly location: string;
  readonly linesBefore = 0;
  readonly expectedBytes = undefined;
  readonly #hash = createHash('sha256');
  #bytes = 0;
  #complete = false;

  constructor(
    readonly client: pg.Client,
    readonly query: string,
    readonly description: SourceDescription,
    readonly blockBytes: number,
    readonly context: ErrorContext,
  ) {
    this.location = context.location;
  }

  fingerprint(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async *blocks(signal: AbortSignal): AsyncGenerator<Block> {
    signal.throwIfAborted();
    const cutter = new TupleCutter(this.description.columns.length, this.blockBytes);
    const sql = `copy (\n${this.query}\n) to stdout (format binary)`;
    const stream = this.client.query(copyTo(sql, { highWaterMark: READ_AHEAD_BYTES }));
    // An error that comes when nobody reads any more is met by the COMMIT that follows.
    stream.on('error', () => undefined);
    const forget = onAbort(signal, () => {
      stream.destroy(signal.reason as Error);
    });
    let sequence = 0;
    try {
      for await (const piece of stream as AsyncIterable<Uint8Array>) {
        for (const bytes of cutter.push(piece)) yield this.#block(sequence++, bytes);
      }
      for (const bytes of cutter.end()) yield this.#block(sequence++, bytes);
      // The snapshot is not needed any more; held open, it would keep the server from cleaning up.
      await this.client.query('commit');
      this.#checkCount(cutter.rows, stream.rowCount);
      this.#complete = true;
    } catch (error) {
      signal.throwIfAborted();
      throw translate(error, this.context);
    } finally {
      forget();
    }
  }

  summary(): Promise<InputSummary> {
    if (!this.#complete) return Promise.reject(new TypeError('summary() before the last block was read'));
    const fingerprint = `sha256:${this.#hash.copy().digest('hex')}`;
    return Promise.resolve({ fingerprint, bytes: this.#bytes, warnings: [] });
  }

  close(): Promise<void> {
    return disconnect(this.client);
  }

  #block(sequence: number, bytes: Uint8Array<ArrayBuffer>): Block {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    return { sequence, bytes };
  }

  #checkCount(read: number, sent: number): void {
    if (read === sent) return;
    throw new PredawnError(
      'input',
      'postgres.row_count',
      `${this.location}: the server sent ${sent} rows, but ${read} arrived`,
      { hint: 'Run it again; if it stays so, look for a proxy between here and the server.' },
    );
  }
}
