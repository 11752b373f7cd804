import { PredawnError } from '../domain/errors.js';
import type { InputReadiness } from '../domain/source.js';
import { connect, describeUrl, disconnect } from './connection.js';
import { translate } from './errors.js';
import { placeParameters, type QueryParameters } from './query-text.js';

export interface ReadinessQuery {
  /** `postgres://…`, with credentials. */
  readonly url: string;
  /** As the job file has it, with `:date`, `:from` and `:to`. */
  readonly sql: string;
  readonly window: QueryParameters;
  readonly job: string;
  readonly signal: AbortSignal;
}

const BOOLEAN = 16;

/**
 * Whether a condition holds in the source database: a SELECT of one boolean, run in a read-only transaction. No row and
 * NULL are false.
 *
 * @throws PredawnError kind `configuration` for SQL that is refused or gives anything else, else what `translate` makes
 */
export async function queryReadiness({
  url,
  sql,
  window,
  job,
  signal,
}: ReadinessQuery): Promise<InputReadiness> {
  const text = placeParameters(sql, window);
  const location = describeUrl(url);
  const client = await connect(url, { applicationName: `predawn ${job} ready`, signal });
  try {
    await client.query('begin transaction read only');
    const { fields, rows } = await client.query<unknown[]>({ text, rowMode: 'array' });
    if (fields.length !== 1 || fields[0]!.dataTypeID !== BOOLEAN || rows.length > 1) throw notBoolean(job);
    const holds = rows[0]?.[0] === true;
    return {
      problem: holds ? undefined : 'the condition input.ready.sql is not true',
      expectedRows: undefined,
    };
  } catch (error) {
    throw translate(error, { location, doing: `looking whether the input of ${job} is complete` });
  } finally {
    await disconnect(client);
  }
}

function notBoolean(job: string): PredawnError {
  return new PredawnError(
    'configuration',
    'ready.sql',
    `input.ready.sql of ${job} gives something else than one boolean.`,
    { hint: 'For example: select count(*) = 3 from deliveries where as_of = :date' },
  );
}
