import pg from 'pg';
import { describeError, PredawnError } from '../domain/errors.js';
import { translate } from './errors.js';
import { withTlsMode } from './tls-mode.js';

export interface ConnectOptions {
  /** Shown in pg_stat_activity; the server keeps 63 bytes. Wins over one in the URL. */
  readonly applicationName: string;
  /** Milliseconds to wait for the connection; 10 s unless told. */
  readonly connectTimeout?: number;
  /** Milliseconds a statement may take; as the role or server has it unless told. */
  readonly statementTimeout?: number;
  /** Aborted, it ends the attempt to connect: `connect` throws its reason. */
  readonly signal?: AbortSignal;
}

/** Milliseconds that a server gets to say goodbye. */
const PARTING_TIME = 2_000;

/**
 * Opens a connection. `url` is `postgres://` or `postgresql://` with whatever pg-connection-string understands (TLS
 * parameters, `options`). Close it with `disconnect`. A connection that is lost while no query runs is noticed by the
 * next one. Throws what `translate` makes of the failure, and kind `configuration`, code `postgres.url`, for a
 * URL that is none.
 */
export async function connect(url: string, options: ConnectOptions): Promise<pg.Client> {
  const location = describeUrl(url);
  const tls = withTlsMode(withoutApplicationName(url), parseUrl(url).searchParams, location);
  try {
    return await connectOnce(tls.url, location, options);
  } catch (error) {
    if (tls.withoutTls === undefined || !/does not support SSL/.test(describeError(error))) throw error;
    return connectOnce(tls.withoutTls, location, options);
  }
}

async function connectOnce(url: string, location: string, options: ConnectOptions): Promise<pg.Client> {
  options.signal?.throwIfAborted();
  let client: pg.Client;
  try {
    client = new pg.Client({
      connectionString: url,
      application_name: options.applicationName,
      connectionTimeoutMillis: options.connectTimeout ?? 10_000,
      statement_timeout: options.statementTimeout,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
    });
  } catch (error) {
    // The parameters name files, which may not be there.
    throw new PredawnError('configuration', 'postgres.url', `${location}: ${fileProblem(error)}`, {
      hint: 'Check sslcert, sslkey and sslrootcert in the URL.',
    });
  }
  // Without a listener, Node ends the process when an idle connection is lost.
  client.on('error', () => undefined);
  const forget = onAbort(options.signal, () => {
    cutOff(client);
  });
  try {
    await client.connect();
  } catch (error) {
    await disconnect(client);
    options.signal?.throwIfAborted();
    throw translate(error, { location, doing: 'connecting' });
  } finally {
    forget();
  }
  return client;
}

/** Ends a connection in whatever state it is; waits 2 s at most, and never throws. */
export async function disconnect(client: pg.Client): Promise<void> {
  const giveUp = setTimeout(() => {
    cutOff(client);
  }, PARTING_TIME);
  await client.end().catch(() => undefined);
  clearTimeout(giveUp);
}

/** Drops a connection at once: what runs or waits on it rejects. */
export function cutOff(client: pg.Client): void {
  client.connection.stream.destroy();
}

/** Calls `act` when `signal` aborts, at once if it has; the result takes that back. */
export function onAbort(signal: AbortSignal | undefined, act: () => void): () => void {
  if (signal?.aborted === true) act();
  signal?.addEventListener('abort', act, { once: true });
  return () => signal?.removeEventListener('abort', act);
}

/**
 * `postgres://host:port/database`, for messages and receipts: no user, no password, no parameters. Throws kind
 * `configuration`, code `postgres.url`, for what is not the URL of a database; its message shows nothing of it.
 */
export function describeUrl(url: string): string {
  const { hostname, port, pathname, searchParams } = parseUrl(url);
  const host = searchParams.get('host') ?? decodeURIComponent(hostname);
  const shownPort = searchParams.get('port') ?? port;
  return `postgres://${host === '' ? 'localhost' : host}:${shownPort === '' ? '5432' : shownPort}${pathname}`;
}

/** The same with the user, for a person to type: psql asks for the password. */
export function loginUrl(url: string): string {
  const { username } = parseUrl(url);
  return describeUrl(url).replace('//', username === '' ? '//' : `//${username}@`);
}

/** A name, quoted for SQL. */
export function quoteIdentifier(name: string): string {
  return pg.escapeIdentifier(name);
}

/** A text, quoted for SQL. */
export function quoteLiteral(text: string): string {
  return pg.escapeLiteral(text);
}

function parseUrl(url: string): URL {
  const parsed = tryParse(url) ?? tryParse(url.replace('@/', '@localhost/'));
  // A `/`, `?`, `#` or `@` left bare in a password ends the host part early: the rest of the password would then be
  // taken for a port or a database, and be shown.
  const misread = parsed !== undefined && (parsed.hash !== '' || afterHost(url).includes('@'));
  if (parsed === undefined || misread || !['postgres:', 'postgresql:'].includes(parsed.protocol)) {
    throw new PredawnError(
      'configuration',
      'postgres.url',
      'The database URL is not valid (it is not shown: it may hold a password)',
      {
        hint: 'Write postgres://user:password@host:port/database, with special characters of the password percent-encoded (@ as %40, / as %2F).',
      },
    );
  }
  return parsed;
}

/** Undefined for what is no URL; `user@/database`, which PostgreSQL takes for the default host, is none. */
function tryParse(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined;
}

function afterHost(url: string): string {
  return /^[^:]*:\/\/[^/?#]*(.*)$/s.exec(url)?.[1] ?? url;
}

function withoutApplicationName(url: string): string {
  const parsed = parseUrl(url);
  if (!parsed.searchParams.has('application_name')) return url;
  parsed.searchParams.delete('application_name');
  return parsed.href;
}

function fileProblem(error: unknown): string {
  const { code, path } = error as { code?: string; path?: string };
  return code !== undefined && path !== undefined
    ? `cannot read ${path} (${code})`
    : 'the URL has a parameter that is not valid';
}
