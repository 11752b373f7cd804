import * as z from 'zod';
import { didYouMean, nearest } from '../domain/nearest.js';
import { keysAt } from './schema-keys.js';
import { combineProblems, parseYaml, type YamlError, type YamlFile, type YamlPath } from './yaml-file.js';

// A process checks each of its few files once: to compile a parser first takes longer than to parse. Settings are read
// before all else, hence here; what reads none need not load zod.
z.config({ jitless: true });

type RawIssue = z.core.$ZodRawIssue;
type Issue = z.core.$ZodIssue;

/** A YAML file that is as its schema says. */
export interface CheckedFile<Output> {
  readonly value: Output;
  readonly file: YamlFile;
}

/**
 * Reads a YAML text and checks it.
 *
 * @param name the file's name for messages
 * @param checkMore finds what the schema can't
 * @throws PredawnError kind `configuration` with every problem of the file, each with line and column
 */
export async function checkYaml<Schema extends z.ZodType>(
  text: string,
  name: string,
  schema: Schema,
  checkMore: (file: YamlFile) => YamlError[] = () => [],
): Promise<CheckedFile<z.output<Schema>>> {
  const { file, problems } = parseYaml(text, name);
  problems.push(...checkMore(file));
  const result = await schema.safeParseAsync(file.value ?? {}, { error: describe, reportInput: true });
  if (!result.success)
    problems.push(...result.error.issues.flatMap((issue) => problemsOf(issue, file, schema)));
  if (problems.length > 0) throw combineProblems(problems, name);
  return { value: result.data as z.output<Schema>, file };
}

/** What a value must be, to stand after its name. Schemas may say it better themselves. */
function describe(issue: RawIssue): string | undefined {
  if (issue.code === 'invalid_type') {
    const expected = EXPECTED[issue.expected] ?? issue.expected;
    return issue.input === undefined ? 'is missing.' : `must be ${expected}, not ${typeName(issue.input)}.`;
  }
  if (issue.code === 'invalid_value') {
    return issue.input === undefined ? 'is missing.' : `must be one of ${issue.values.join(', ')}.`;
  }
  if (issue.code === 'too_small')
    return issue.origin === 'number' ? `must be at least ${issue.minimum}.` : 'must not be empty.';
  if (issue.code === 'too_big') return `must be at most ${issue.maximum}.`;
  return undefined;
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  object: 'a mapping (key: value)',
  record: 'a mapping (key: value)',
  array: 'a list',
};

function typeName(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'number' ? `the number ${value}` : `a ${typeof value}`;
}

function problemsOf(issue: Issue, file: YamlFile, schema: z.ZodType): YamlError[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey(key, path, file, keysAt(schema, path)));
  }
  if (issue.code === 'invalid_key') {
    const message = `${nameOf(path.slice(0, -1))}: "${String(path.at(-1))}" ${issue.issues[0]?.message ?? ''}`;
    return [file.problem({ code: 'config.name', message, path, at: 'key' })];
  }
  const isMissing = issue.input === undefined && issue.code !== 'custom';
  return [
    file.problem({
      code: isMissing ? 'config.missing' : 'config.value',
      message: `${nameOf(path)} ${issue.message}`,
      hint: hintFor(issue),
      // A key that is not there is looked for where its neighbours are.
      path,
      at: isMissing ? 'key' : 'value',
    }),
  ];
}

function unknownKey(key: string, path: YamlPath, file: YamlFile, known: readonly string[]): YamlError {
  const place = path.length === 0 ? '' : ` under ${nameOf(path)}`;
  return file.problem({
    code: 'config.unknown_key',
    message: `unknown key "${key}"${place}.`,
    hint: didYouMean(key, known, `Keys there are: ${known.join(', ')}.`),
    path: [...path, key],
    at: 'key',
  });
}

function hintFor(issue: Issue): string | undefined {
  if (issue.code === 'custom') return issue.params?.['hint'] as string | undefined;
  const { input } = issue;
  if (
    issue.code === 'invalid_type' &&
    issue.expected === 'string' &&
    (typeof input === 'number' || typeof input === 'boolean' || input === null)
  ) {
    return 'Write it in quotes.';
  }
  if (issue.code === 'invalid_value' && typeof input === 'string') {
    const meant = nearest(input, issue.values.map(String));
    return meant === undefined ? undefined : `Did you mean ${meant}?`;
  }
  return undefined;
}

/** `input.delimiter`, `missing.total_charges.tokens[0]`. */
function nameOf(path: YamlPath): string {
  if (path.length === 0) return 'The file';
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${String(step)}`))
    .join('');
}
