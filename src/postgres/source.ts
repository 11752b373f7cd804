import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { Block } from '../domain/columns.js';
import type { ShardedInput } from '../domain/shards.js';
import type { InputSummary, ShardSource, Source, SourceDescription } from '../domain/source.js';
import { connect, cutOff, describeUrl, disconnect, onAbort } from './connection.js';
import { describeQuery, estimateBytes, WRAPPER_LINE } from './describe-query.js';
import { translate, type ErrorContext } from './errors.js';
import { placeParameters, type QueryParameters } from './query-text.js';
import { openQueryShard, planQueryShards } from './query-shards.js';
import { copyTuples } from './read-tuples.js';

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

  async estimateBytes(): Promise<number> {
    try {
      return await estimateBytes(this.client, this.query);
    } catch (error) {
      throw translate(error, this.context);
    }
  }

  fingerprint(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async *blocks(signal: AbortSignal): AsyncGenerator<Block> {
    let sequence = 0;
    for await (const { bytes } of copyTuples(this.#tuples(), this.query, this.blockBytes, signal)) {
      this.#hash.update(bytes);
      this.#bytes += bytes.length;
      yield { sequence: sequence++, bytes };
    }
    // The snapshot is not needed any more; held open, it would keep the server from cleaning up.
    await this.client.query('commit').catch((error: unknown) => {
      signal.throwIfAborted();
      throw translate(error, this.context);
    });
    this.#complete = true;
  }

  async planShards(count: number, signal: AbortSignal): Promise<ShardedInput> {
    return planQueryShards(this.#tuples(), this.query, count, signal);
  }

  openShard(input: ShardedInput, shard: number): ShardSource {
    return openQueryShard(this.#tuples(), this.query, this.blockBytes, input, shard);
  }

  summary(): Promise<InputSummary> {
    if (!this.#complete) return Promise.reject(new TypeError('summary() before the last block was read'));
    const fingerprint = `sha256:${this.#hash.copy().digest('hex')}`;
    return Promise.resolve({ fingerprint, bytes: this.#bytes, warnings: [] });
  }

  close(): Promise<void> {
    return disconnect(this.client);
  }

  #tuples() {
    return { client: this.client, columns: this.description.columns.length, context: this.context };
  }
}
