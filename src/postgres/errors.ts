import { describeError, PredawnError } from '../domain/errors.js';
import { LIBRARY_TEXTS, type Meaning, NODE_CODES, SQLSTATES, TLS } from './error-meanings.js';

/** What was going on when an error came, to name in the message. */
export interface ErrorContext {
  /** As `describeUrl` gives it. */
  readonly location: string;
  /** What was being done, to be put after "while ": `reading the query of job churn`. */
  readonly doing: string;
  /** The privileges that are needed, for a denied table: `select`, `insert, delete`. */
  readonly privileges?: string;
  /** The statement that was sent, where a person wrote it: to name the line of an error in it. */
  readonly statement?: { readonly name: string; readonly text: string; readonly linesBefore: number };
}

/**
 * Says what an error of the database or of the connection means to the caller. A PredawnError passes through as it
 * is; what is not recognised becomes kind `internal`. Values of rows that the server quotes in its message
 * stay out of the result, its `cause` included.
 */
export function translate(error: unknown, context: ErrorContext): PredawnError {
  if (error instanceof PredawnError) return error;
  const meaning = meaningOf(error);
  if (meaning === undefined) {
    return new PredawnError('internal', 'postgres.unexpected', sentence(textOf(error), context), {
      cause: error,
    });
  }
  const hint = meaning.code === 'postgres.permission' ? grantHint(textOf(error), context) : undefined;
  return new PredawnError(
    meaning.kind,
    meaning.code,
    sentence(visibleText(error, meaning) + lineOf(error, context), context),
    {
      hint: hint ?? meaning.hint,
      cause: meaning.instead === undefined ? error : undefined,
    },
  );
}

/** The SQLSTATE of an error that the server sent; undefined for all others. */
export function sqlState(error: unknown): string | undefined {
  const code = codeOf(error);
  return code !== undefined && isServerError(error) ? code : undefined;
}

function meaningOf(error: unknown): Meaning | undefined {
  const state = sqlState(error);
  if (state !== undefined) return SQLSTATES[state] ?? SQLSTATES[state.slice(0, 2)];
  const code = codeOf(error);
  if (code !== undefined && code in NODE_CODES) return NODE_CODES[code];
  if (code !== undefined && /CERT|TLS|SSL|UNABLE_TO_/.test(code)) return TLS;
  const text = textOf(error);
  return LIBRARY_TEXTS.find(([pattern]) => pattern.test(text))?.[1];
}

function sentence(text: string, context: ErrorContext): string {
  return `${context.location}: ${text} (while ${context.doing})`;
}

/** The server counts characters, from 1. */
function lineOf(error: unknown, { statement }: ErrorContext): string {
  const position = Number((error as { position?: string }).position);
  if (statement === undefined || !(position > 0)) return '';
  const before = Array.from(statement.text).slice(0, position - 1);
  const line = before.filter((character) => character === '\n').length + 1 - statement.linesBefore;
  return line > 0 ? `, line ${line} of ${statement.name}` : '';
}

function visibleText(error: unknown, meaning: Meaning): string {
  if (meaning.instead === undefined) return textOf(error);
  const { table, column, constraint } = error as { table?: string; column?: string; constraint?: string };
  const where = [
    table === undefined ? '' : ` table ${table}`,
    column === undefined ? '' : ` column ${column}`,
    constraint === undefined ? '' : ` constraint ${constraint}`,
  ].join('');
  return `${meaning.instead} (SQLSTATE ${String(codeOf(error))}${where})`;
}

function grantHint(text: string, context: ErrorContext): string | undefined {
  const denied = /permission denied for (?:(schema|database|function|sequence) |\w+ )(.+)$/.exec(text);
  const name = denied?.[2];
  if (name === undefined) return undefined;
  const what = denied?.[1];
  const grant =
    what === 'schema'
      ? `usage on schema ${name}`
      : what === 'database'
        ? `create on database ${name}`
        : what === 'function'
          ? `execute on function ${name}`
          : what === 'sequence'
            ? `usage on sequence ${name}`
            : `${context.privileges ?? 'select'} on ${name}`;
  return `Have its owner run: grant ${grant} to <the role in the URL>;`;
}

/** Node tries every address of a host and reports the failures as one AggregateError without a message. */
function textOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '')
    return error.errors.map(describeError).join('; ');
  return describeError(error);
}

function codeOf(error: unknown): string | undefined {
  const code: unknown =
    typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

function isServerError(error: unknown): boolean {
  return error instanceof Error && 'severity' in error && typeof error.severity === 'string';
}
