import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import { combine, PredawnError } from '../domain/errors.js';

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

/**
 * Reads a YAML text.
 *
 * @param name the file's name for messages
 * @throws PredawnError kind `configuration` for text that is not YAML, naming every line that is wrong. Keys that
 *   occur twice are in `problems` instead, to be reported together with what the values get wrong.
 */
export function parseYaml(text: string, name: string): { file: YamlFile; problems: YamlError[] } {
  const lines = new LineCounter();
  // "Pretty" errors quote the line, which may hold a password.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const errorAt = (offset: number, code: string, message: string, hint?: string): YamlError => {
    const { line, col } = lines.linePos(offset);
    return new YamlError(code, `${name}, line ${line}, column ${col}: ${message}`, hint, line, col);
  };

  const isDuplicate = ({ code }: { code: string }): boolean => code === 'DUPLICATE_KEY';
  const syntax = [...document.errors, ...document.warnings].filter((error) => !isDuplicate(error));
  if (syntax.length > 0) {
    throw combineProblems(
      syntax.map((error) => errorAt(error.pos[0], 'yaml.syntax', `${error.message}.`, SYNTAX_HINT)),
      name,
    );
  }
  const problems = document.errors.map((error) => {
    const key = /^[^\s:]+/.exec(text.slice(error.pos[0]))?.[0] ?? 'This';
    return errorAt(error.pos[0], 'yaml.duplicate_key', `${key} is there twice.`, 'Remove one of both.');
  });

  const resolve = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  const entryAt = (path: YamlPath): { key: unknown; value: unknown } => {
    let entry: { key: unknown; value: unknown } = { key: document.contents, value: document.contents };
    for (const step of path) {
      const parent = resolve(entry.value);
      const next = isSeq(parent)
        ? { key: parent.items[Number(step)], value: parent.items[Number(step)] }
        : pairOf(parent, step);
      if (next === undefined) break;
      entry = next;
    }
    return entry;
  };

  const file: YamlFile = {
    value: document.toJS(),
    keys(path) {
      const node = resolve(entryAt(path).value);
      return isMap(node) ? node.items.map(({ key }) => keyText(key)) : [];
    },
    problem({ code, message, hint, path, at }) {
      const { key, value } = entryAt(path);
      const node = at === 'key' ? key : (value ?? key);
      return errorAt((node as Node | null)?.range?.[0] ?? 0, code, message, hint);
    },
  };
  return { file, problems };
}

/** One error for all problems of a file, in the file's order. */
export function combineProblems(problems: readonly YamlError[], name: string): PredawnError {
  const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
  return combine(sorted, `${name} has ${problems.length} problems.`);
}

function pairOf(node: unknown, key: PropertyKey): Pair | undefined {
  return isMap(node) ? node.items.find((pair) => keyText(pair.key) === String(key)) : undefined;
}

function keyText(key: unknown): string {
  return isScalar<string | number | boolean | null>(key) ? String(key.value ?? '') : String(key);
}
