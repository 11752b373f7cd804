import { PredawnError } from '../domain/errors.js';
import { didYouMean } from '../domain/nearest.js';
import { sqlTokens, type SqlToken } from './sql-tokens.js';

/** What `:date`, `:from` and `:to` stand for in a query. */
export interface QueryParameters {
  /** YYYY-MM-DD. */
  readonly date: string;
  /** ISO 8601 in UTC, the window's first instant. */
  readonly from: string;
  /** ISO 8601 in UTC, the instant after the window. */
  readonly to: string;
}

/**
 * The query of a job with its parameters in place: `:date` becomes `DATE '2026-11-20'`, `:from` and `:to` become
 * `TIMESTAMPTZ '2026-11-20T00:00:00Z'`. COPY takes no bind parameters, so only values whose form is checked here
 * are ever placed. Quoted texts, comments, casts and slices of arrays stay as they are; a `;` at the end goes.
 *
 * @throws PredawnError kind `configuration`, codes `query.*`, for what is not one SELECT or WITH statement
 */
export function placeParameters(query: string, parameters: QueryParameters): string {
  if (query.includes('\0')) throw refused('query.nul', 'contains a NUL character', 'Take it out.');
  const literals = literalsOf(parameters);
  const nesting = new Nesting();
  let placed = '';
  let started = false;
  let ended = false;
  for (const token of sqlTokens(query)) {
    if (token.kind === 'space') {
      placed += token.text;
      continue;
    }
    if (token.kind === 'unterminated') throw unterminated(token);
    if (token.text === ';' && nesting.outside) {
      ended = true;
      continue;
    }
    if (ended) {
      throw refused(
        'query.statements',
        'is more than one statement',
        'Leave one SELECT; an input query only reads.',
      );
    }
    if (!started) checkFirst(token);
    started = true;
    nesting.see(token);
    placed += isParameter(token, nesting) ? literalAfter(placed, token, literals) : token.text;
  }
  if (!started) throw refused('query.empty', 'is empty', 'Write a SELECT for the rows to score.');
  if (!nesting.outside) throw unbalanced();
  return placed;
}

function isParameter({ kind, text }: SqlToken, nesting: Nesting): boolean {
  return kind === 'parameter' && (text.startsWith('$') || !nesting.slicing);
}

type Literals = ReadonlyMap<string, string>;

function literalsOf({ date, from, to }: QueryParameters): Literals {
  return new Map([
    [':date', `DATE '${checked(date, /^\d{4}-\d\d-\d\d$/)}'`],
    [':from', `TIMESTAMPTZ '${instant(from)}'`],
    [':to', `TIMESTAMPTZ '${instant(to)}'`],
  ]);
}

function instant(text: string): string {
  return checked(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/).replace(/\.0+Z$/, 'Z');
}

function checked(text: string, form: RegExp): string {
  if (form.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new PredawnError('internal', 'query.value', 'A query parameter is not a date or instant in ISO 8601');
}

function literalAfter(before: string, token: SqlToken, literals: Literals): string {
  const literal = literals.get(token.text);
  if (literal === undefined) {
    throw refused(
      'query.parameter',
      `has an unknown parameter ${token.text}`,
      didYouMean(
        token.text,
        literals.keys(),
        'A query can use :date, :from and :to; write a cast as ::type.',
      ),
    );
  }
  // `a:date` must not run together, nor may two literals become one string with a quote in it.
  return /[\w'$\u0080-\uffff]$/.test(before) ? ` ${literal}` : literal;
}

function checkFirst(token: SqlToken): void {
  if (token.kind === 'word' && /^(select|with)$/i.test(token.text)) return;
  throw refused(
    'query.not_select',
    'does not start with SELECT or WITH',
    'Write a SELECT for the rows to score.',
  );
}

/** Which brackets are open, and what a colon means in the innermost. */
class Nesting {
  readonly #open: ('(' | 'subscript' | 'array')[] = [];
  #previous = '';

  get outside(): boolean {
    return this.#open.length === 0;
  }

  /** In a subscript, `:name` is the upper bound of a slice; in `array[…]` it is an element. */
  get slicing(): boolean {
    return this.#open.at(-1) === 'subscript';
  }

  see({ kind, text }: SqlToken): void {
    if (kind === 'symbol') {
      if (text === '(') this.#open.push('(');
      else if (text === '[') this.#open.push(this.#opensArray() ? 'array' : 'subscript');
      else if (text === ')' && this.#open.pop() !== '(') throw unbalanced();
      else if (text === ']' && !['subscript', 'array'].includes(this.#open.pop() ?? '')) throw unbalanced();
      else if (text === ';') throw unbalanced();
    }
    this.#previous = text;
  }

  /** `array[`, or a row of an array of arrays. */
  #opensArray(): boolean {
    const inRow = this.#open.at(-1) === 'array' && (this.#previous === '[' || this.#previous === ',');
    return inRow || this.#previous.toLowerCase() === 'array';
  }
}

function unterminated({ text }: SqlToken): PredawnError {
  const what = text.startsWith('/*') ? 'a comment' : 'a quoted text';
  return refused('query.unterminated', `has ${what} that is never closed`, 'Close it.');
}

function unbalanced(): PredawnError {
  return refused('query.brackets', 'has brackets that do not match', 'Close every bracket that is opened.');
}

function refused(code: string, problem: string, hint: string): PredawnError {
  return new PredawnError('configuration', code, `The input query ${problem}`, { hint });
}
