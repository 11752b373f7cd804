/**
 * A piece of SQL text as PostgreSQL's own scanner would cut it, as far as it takes to know what is code and what is
 * quoted. The texts of all tokens, joined, are the input.
 */
export interface SqlToken {
  readonly kind:
    | 'word'
    /** A colon and a name: `:date`; in a subscript it may be the upper bound of a slice all the same. Or `$1`. */
    | 'parameter'
    /** A string, a quoted identifier, a dollar-quoted text. */
    | 'quoted'
    /** A quoted text or a comment that the input's end cuts short. */
    | 'unterminated'
    /** White space and comments. */
    | 'space'
    /** Any other character, and `::`. */
    | 'symbol';
  readonly text: string;
}

// Identifiers as in PostgreSQL's scan.l: every character beyond ASCII may be part of one.
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const PARAMETER = /:[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\$\d+/y;
const SPACE = /[ \t\n\r\f\v]+/y;
const LINE_COMMENT = /--[^\n\r]*/y;
const STRING = /'(?:[^']|'')*'/y;
const ESCAPE_STRING = /[eE]'(?:[^'\\]|''|\\[^])*'/y;
const QUOTED_IDENTIFIER = /"(?:[^"]|"")*"/y;
const DOLLAR_QUOTE = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;

const RULES: readonly (readonly [SqlToken['kind'], RegExp])[] = [
  ['space', SPACE],
  ['space', LINE_COMMENT],
  // Before words: the E belongs to the string.
  ['quoted', ESCAPE_STRING],
  ['word', WORD],
  ['quoted', STRING],
  ['quoted', QUOTED_IDENTIFIER],
  ['parameter', PARAMETER],
];

/** Cuts SQL text into tokens. Assumes `standard_conforming_strings`, the server's default. */
export function* sqlTokens(sql: string): Generator<SqlToken> {
  for (let at = 0; at < sql.length;) {
    const token = tokenAt(sql, at);
    yield token;
    at += token.text.length;
  }
}

function tokenAt(sql: string, at: number): SqlToken {
  const rest = (): string => sql.slice(at);
  if (/[eE]/.test(sql[at]!) && sql[at + 1] === "'") {
    return match('quoted', ESCAPE_STRING, sql, at) ?? { kind: 'unterminated', text: rest() };
  }
  for (const [kind, pattern] of RULES) {
    const token = match(kind, pattern, sql, at);
    if (token !== undefined) return token;
  }
  if (sql[at] === "'" || sql[at] === '"') return { kind: 'unterminated', text: rest() };
  if (sql.startsWith('/*', at)) return blockComment(sql, at) ?? { kind: 'unterminated', text: rest() };
  const dollar = match('quoted', DOLLAR_QUOTE, sql, at);
  if (dollar !== undefined) {
    const end = sql.indexOf(dollar.text, at + dollar.text.length);
    return end < 0
      ? { kind: 'unterminated', text: rest() }
      : { kind: 'quoted', text: sql.slice(at, end + dollar.text.length) };
  }
  return { kind: 'symbol', text: sql.startsWith('::', at) ? '::' : sql[at]! };
}

function match(kind: SqlToken['kind'], pattern: RegExp, sql: string, at: number): SqlToken | undefined {
  pattern.lastIndex = at;
  const found = pattern.exec(sql);
  return found === null ? undefined : { kind, text: found[0] };
}

/** Comments nest in PostgreSQL. */
function blockComment(sql: string, at: number): SqlToken | undefined {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = at;
  let depth = 0;
  for (let mark = marks.exec(sql); mark !== null; mark = marks.exec(sql)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return { kind: 'space', text: sql.slice(at, marks.lastIndex) };
  }
  return undefined;
}
