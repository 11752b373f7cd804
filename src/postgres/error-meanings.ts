import type { ErrorKind } from '../domain/errors.js';

/** What an error means to the caller. */
export interface Meaning {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly hint: string;
  /** Where the server's own message quotes values of rows, the text to show in its place. */
  readonly instead?: string;
}

const RETRY = 'Run it again later.';

const NETWORK: Meaning = {
  kind: 'unavailable',
  code: 'postgres.unreachable',
  hint: 'Check that the server runs and that host and port are right, then run it again.',
};

const LOST: Meaning = {
  kind: 'unavailable',
  code: 'postgres.connection_lost',
  hint: RETRY,
};

export const TLS: Meaning = {
  kind: 'configuration',
  code: 'postgres.tls',
  hint: 'Check sslmode and sslrootcert in the URL against what the server offers.',
};

const PASSWORD: Meaning = {
  kind: 'configuration',
  code: 'postgres.password',
  hint: 'Check the user and the password in the URL (special characters must be percent-encoded).',
};

const QUERY: Meaning = {
  kind: 'configuration',
  code: 'postgres.query',
  hint: 'Try the statement in psql, with the same role.',
};

const VALUE: Meaning = {
  kind: 'data',
  code: 'postgres.value',
  hint: 'Find the row with psql and mend it, or change the expression that cannot take it.',
  instead: 'a value could not be computed or converted',
};

const SERVER: Meaning = {
  kind: 'unavailable',
  code: 'postgres.server',
  hint: 'Ask whoever runs the server to look at its log, then run it again.',
};

/** By SQLSTATE; a class of two characters is asked for after the whole code. */
export const SQLSTATES: Readonly<Record<string, Meaning>> = {
  '08': LOST,
  '0A': QUERY,
  '22': VALUE,
  '22003': { ...VALUE, instead: 'a number is out of range for its type' },
  '22007': { ...VALUE, instead: 'a text is not a date or time' },
  '22008': { ...VALUE, instead: 'a date or time is out of range' },
  '22012': { ...VALUE, instead: 'a division by zero' },
  '22023': { ...QUERY, code: 'postgres.parameter', hint: 'Check the options in the URL and the query.' },
  '22P02': { ...VALUE, instead: 'a text cannot be converted to the type it is cast to' },
  '23': {
    kind: 'data',
    code: 'postgres.constraint',
    hint: 'Compare the rows with the constraints of the table.',
    instead: 'a constraint of the table refuses a row',
  },
  '25006': {
    kind: 'configuration',
    code: 'postgres.read_only',
    hint: 'An input query may only read; a destination must be a primary server, not a standby.',
  },
  '28': {
    kind: 'configuration',
    code: 'postgres.role',
    hint: 'Check the user in the URL, and pg_hba.conf on the server.',
  },
  '28P01': PASSWORD,
  '3D': {
    kind: 'configuration',
    code: 'postgres.database',
    hint: "Check the database's name at the end of the URL.",
  },
  '3F': { ...QUERY, code: 'postgres.schema', hint: "Check the schema's name and the role's search_path." },
  '40': { kind: 'unavailable', code: 'postgres.conflict', hint: RETRY },
  '42': QUERY,
  '42P01': {
    ...QUERY,
    code: 'postgres.table',
    hint: "Check the table's name, its schema and the search_path.",
  },
  '42703': { ...QUERY, code: 'postgres.column', hint: "Check the column's name against \\d in psql." },
  '42601': { ...QUERY, code: 'postgres.syntax' },
  '42501': {
    kind: 'configuration',
    code: 'postgres.permission',
    hint: 'Have the owner grant the role what it needs.',
  },
  '53': { ...SERVER, code: 'postgres.resources' },
  '53100': {
    kind: 'unavailable',
    code: 'postgres.disk_full',
    hint: "Free space on the server's disk, then run it again.",
  },
  '53300': {
    kind: 'unavailable',
    code: 'postgres.too_many_connections',
    hint: 'Run it again when fewer clients are connected, or raise max_connections.',
  },
  '54': QUERY,
  '55P03': {
    kind: 'unavailable',
    code: 'postgres.lock_timeout',
    hint: 'Another session holds the lock (pg_stat_activity shows which); run it again when it is done.',
  },
  '57': LOST,
  '57014': {
    kind: 'unavailable',
    code: 'postgres.cancelled',
    hint: 'A statement_timeout or an administrator stopped the statement; run it again, or raise the limit.',
  },
  '57P04': {
    kind: 'configuration',
    code: 'postgres.database',
    hint: 'The database was dropped; check its name at the end of the URL.',
  },
  '58': SERVER,
  P0001: {
    kind: 'data',
    code: 'postgres.raised',
    hint: 'A function or trigger in the database raised this itself.',
    instead: 'a function in the database raised an exception',
  },
  XX: SERVER,
};

export const NODE_CODES: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: NETWORK,
  EHOSTUNREACH: NETWORK,
  ENETUNREACH: NETWORK,
  EHOSTDOWN: NETWORK,
  ETIMEDOUT: NETWORK,
  ENOTFOUND: NETWORK,
  EAI_AGAIN: NETWORK,
  // A missing Unix socket, or one that the user may not open.
  ENOENT: NETWORK,
  EACCES: NETWORK,
  ECONNRESET: LOST,
  ECONNABORTED: LOST,
  EPIPE: LOST,
};

/** Errors that the pg library makes without a code. */
export const LIBRARY_TEXTS: readonly (readonly [RegExp, Meaning])[] = [
  [/timeout expired|due to connection timeout/, NETWORK],
  [/Connection terminated|not queryable|Connection ended|write after end|socket hang up/, LOST],
  [/does not support SSL|SSL connection/, TLS],
  [/^SASL|password must be a string/, PASSWORD],
];
