import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import { combine, describeError, PredawnError } from '../domain/errors.js';

/** Keys and list positions from the top of a file to a value. */
export type YamlPath = readonly PropertyKey[];

/** A YAML file whose values can be traced back to their lines. */
export interface YamlFile {
  /** As plain JavaScript values. */
  readonly value: unknown;
  /** Names of the entries of a mapping, in the file's order (which an object does not keep for `1` and `2`). */
  keys(path: YamlPath): readonly string[];
  /** What is wrong with a value, or with its key, as an error that names file, line and column. */
  problem(found: YamlProblem): YamlError;
}

export interface YamlProblem {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly path: YamlPath;
  /** Which end of an entry is at fault. */
  readonly at: 'key' | 'value';
}

/** A configuration error that knows its place. */
export class YamlError extends PredawnError {
  constructor(
    code: string,
    message: string,
    hint: string | undefined,
    readonly line: number,
    readonly column: number,
  ) {
    super('configuration', code, message, hint === undefined ? {} : { hint });
  }
}

const SYNTAX_HINT =
  'Texts that begin with one of * & ! % @ ` { [ or hold ": " or " #" need quotes; indent with spaces.';

type ErrorAt = (offset: number, code: string, message: string, hint?: string) => YamlError;

/**
 * Reads a YAML text.
 *
 * @param name the file's name for messages
 * @throws PredawnError kind `configuration` for text that is not YAML, naming every line that is wrong. Keys that
 *   occur twice are in `problems` instead, to be reported together with what the values get wrong.
 */
export function parseYaml(text: string, name: string): { file: YamlFile; problems: YamlError[] } {
  const lines = new LineCounter();
  // "Pretty" errors, and warnings on stderr, quote the text, which may hold a password.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const errorAt: ErrorAt = (offset, code, message, hint) => {
    const { line, col } = lines.linePos(offset);
    return new YamlError(code, `${name}, line ${line}, column ${col}: ${message}`, hint, line, col);
  };

  const syntax = syntaxErrors(document, errorAt);
  if (syntax.length > 0) throw combineProblems(syntax, name);
  const problems = document.errors.map(({ pos: [start] }) => {
    const key = /^[^\s:]+/.exec(text.slice(start))?.[0] ?? 'This';
    return errorAt(start, 'yaml.duplicate_key', `${key} is there twice.`, 'Remove one of both.');
  });

  problems.push(...impossibleNames(document, errorAt));

  const file: YamlFile = {
    value: plainValue(document, errorAt),
    keys(path) {
      const node = resolve(entryAt(document, path).value, document);
      return isMap(node) ? node.items.map(({ key }) => keyText(key)) : [];
    },
    problem({ code, message, hint, path, at }) {
      const { key, value } = entryAt(document, path);
      const node = at === 'key' ? key : (value ?? key);
      return errorAt((node as Node | null)?.range?.[0] ?? 0, code, message, hint);
    },
  };
  return { file, problems };
}

/** Everything wrong with the text but keys that occur twice. */
function syntaxErrors(document: Document.Parsed, errorAt: ErrorAt): YamlError[] {
  const errors = [...document.errors, ...document.warnings]
    .filter(({ code }) => code !== 'DUPLICATE_KEY')
    // Some messages end with the text they stumbled over: a password, perhaps.
    .map(({ pos: [start], message }) =>
      errorAt(start, 'yaml.syntax', `${message.replace(/: ".*"$/s, '')}.`, SYNTAX_HINT),
    );
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) === undefined) {
        const message = `there is no anchor &${alias.source}.`;
        errors.push(errorAt(alias.range?.[0] ?? 0, 'yaml.syntax', message, SYNTAX_HINT));
      }
    },
  });
  return errors;
}

/** A name that JavaScript's objects can't hold as an entry: it would be lost without a word. */
const IMPOSSIBLE_NAME = '__proto__';

function impossibleNames(document: Document.Parsed, errorAt: ErrorAt): YamlError[] {
  const errors: YamlError[] = [];
  visit(document, {
    Scalar(_, { value, range }, ancestors) {
      if (value !== IMPOSSIBLE_NAME || ancestors.some(holdsTexts)) return;
      const message = `${IMPOSSIBLE_NAME} can't be the name of anything.`;
      errors.push(errorAt(range?.[0] ?? 0, 'yaml.name', message, 'Rename the column, with "as" in a query.'));
    },
  });
  return errors;
}

/** What stands under `tokens` and `then` are texts, which may be anything. */
function holdsTexts(node: unknown): boolean {
  return isPair(node) && isScalar(node.key) && ['tokens', 'then'].includes(String(node.key.value));
}

function plainValue(document: Document.Parsed, errorAt: ErrorAt): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // Aliases of aliases of aliases.
    throw errorAt(0, 'yaml.syntax', `${describeError(error)}.`);
  }
}

interface Entry {
  readonly key: unknown;
  readonly value: unknown;
}

/** The entry at a path; where there is none, the last one on the way. */
function entryAt(document: Document.Parsed, path: YamlPath): Entry {
  let entry: Entry = { key: document.contents, value: document.contents };
  for (const step of path) {
    const next = childOf(resolve(entry.value, document), step);
    if (next === undefined) break;
    entry = next;
  }
  return entry;
}

function childOf(node: unknown, step: PropertyKey): Entry | undefined {
  if (isMap(node)) return node.items.find(({ key }) => keyText(key) === String(step));
  if (!isSeq(node)) return undefined;
  const item = node.items[Number(step)];
  return { key: item, value: item };
}

function resolve(node: unknown, document: Document.Parsed): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function keyText(key: unknown): string {
  return isScalar<string | number | boolean | null>(key) ? String(key.value ?? '') : String(key);
}

/** One error for all problems of a file, in the file's order. */
export function combineProblems(problems: readonly YamlError[], name: string): PredawnError {
  const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
  return combine(sorted, `${name} has ${problems.length} problems.`);
}
