import { expressionOf } from './binding-outputs.js';
import { defaultNames } from './binding-names.js';
import { CodedTexts } from './coded-texts.js';
import type { OutputData, OutputType } from './columns.js';
import { PredawnError } from './errors.js';
import type { ModelOutput, ModelSignature } from './model.js';
import { asIdentifier, didYouMean } from './nearest.js';
import { columnTexts, type TextTable } from './text-table.js';

/** One value a row of one output. */
interface Element {
  readonly output: number;
  readonly element: number;
  /** What it is called by default, and what else it may be called. */
  readonly names: readonly string[];
}

/** Expected outputs as a person gave them. */
export interface ExpectedOutputs {
  /** In the order of `signature.outputs`; what was not given is as `scores` has it. */
  readonly expected: readonly OutputData[];
  /** Default names of what was not given. */
  readonly recorded: readonly string[];
}

/**
 * Reads what is expected of golden rows. A column is an output by its published name (`label`, `probability_yes`, or
 * what the job calls it), by its expression (`probabilities[yes]`), or as scikit-learn's users tend to write it
 * (`proba_Yes`, `prediction`); one that the golden rows have, too, says which row it is.
 *
 * @param golden the rows, in the same order
 * @param published the job's `output.columns`
 * @param scores what the model gives for the rows
 * @throws PredawnError kind `artefact`, code `golden.expected`, for columns, rows or values that can't be expected
 */
export function readExpected(
  table: TextTable,
  golden: TextTable,
  { outputs }: ModelSignature,
  published: Readonly<Record<string, string>> | undefined,
  scores: readonly OutputData[],
): ExpectedOutputs {
  checkRows(table, golden);
  const elements = elementsOf(outputs, published ?? {});
  const values = scores.map((data): Value[] => Array.from<Value>(data));
  const given = new Set<Element>();
  for (const column of table.columns.filter((name) => !golden.columns.includes(name))) {
    const element = findElement(elements, column, table.path);
    if (given.has(element)) throw refuse(`${table.path}: two columns are ${element.names[0]}.`, 'Leave one.');
    given.add(element);
    const { type, width } = outputs[element.output]!;
    for (const [row, text] of columnTexts(table, column).entries()) {
      const value = parseValue(text, type);
      if (value === undefined) {
        throw refuse(
          `${table.path}, row ${row + 1}: column ${column} is no value of type ${type}.`,
          'Write what the model was seen to predict for that row.',
        );
      }
      values[element.output]![row * width + element.element] = value;
    }
  }
  if (given.size === 0) {
    const names = elements.map(({ names: [name] }) => name).join(', ');
    throw refuse(`${table.path} has no column with an output of the model.`, `Name them: ${names}.`);
  }
  const recorded = elements.filter((element) => !given.has(element)).map(({ names }) => names[0]!);
  const expected = outputs.map(({ type }, index) => toOutput(type, values[index]!));
  return { expected, recorded };
}

function checkRows(table: TextTable, golden: TextTable): void {
  if (table.rows.length !== golden.rows.length) {
    throw refuse(
      `${table.path} has ${table.rows.length} rows, ${golden.path} ${golden.rows.length}.`,
      'Write one row of expected outputs for every golden row, in the same order.',
    );
  }
  for (const name of table.columns.filter((column) => golden.columns.includes(column))) {
    const [texts, wanted] = [columnTexts(table, name), columnTexts(golden, name)];
    const row = texts.findIndex((text, index) => text !== wanted[index]);
    if (row < 0) continue;
    throw refuse(
      `${table.path} and ${golden.path} have different rows: row ${row + 1} differs in ${name}.`,
      'Write the expected outputs in the order of the golden rows.',
    );
  }
}

function elementsOf(outputs: readonly ModelOutput[], published: Readonly<Record<string, string>>): Element[] {
  const only = outputs.length === 1 && outputs[0]!.width === 1;
  return defaultNames(outputs).map(({ name, output, element }) => {
    const described = outputs[output]!;
    const { role, width } = described;
    const ownClass = described.classes?.[element] ?? String(element);
    const expression = expressionOf(described, element);
    const ofRole = role === 'probabilities' ? `probabilities[${ownClass}]` : role;
    const names = [name, expression];
    if (role !== 'value') names.push(ofRole);
    if (role === 'probabilities' && width > 1) names.push(`proba_${ownClass}`, `probability_${ownClass}`);
    if (width > 1) names.push(`${described.name}_${ownClass}`);
    if (only || role === 'label') names.push('prediction');
    for (const [own, meant] of Object.entries(published)) if (names.includes(meant)) names.push(own);
    return { output, element, names };
  });
}

function findElement(elements: readonly Element[], column: string, path: string): Element {
  const spell = (name: string) => asIdentifier(name).toLowerCase();
  const exact = elements.filter(({ names }) => names.includes(column));
  const near = elements.filter(({ names }) => names.some((name) => spell(name) === spell(column)));
  const [found, another] = exact.length > 0 ? exact : near;
  if (found !== undefined && another === undefined) return found;
  const names = elements.map((element) => element.names[0]!);
  const what = found === undefined ? 'no output of the model and no column of the golden rows' : 'ambiguous';
  throw refuse(
    `${path}: column ${column} is ${what}.`,
    didYouMean(column, names, `Outputs are: ${names.slice(0, 20).join(', ')}.`),
  );
}

const WORDS: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, '-inf': -Infinity };

type Value = number | bigint | string;

function toOutput(type: OutputType, values: readonly Value[]): OutputData {
  switch (type) {
    case 'text':
      return CodedTexts.from(values as string[]);
    case 'float4':
      return Float32Array.from(values as number[]);
    case 'float8':
      return Float64Array.from(values as number[]);
    case 'bool':
      return Uint8Array.from(values as number[]);
    case 'int4':
      return Int32Array.from(values as number[]);
    case 'int8':
      return BigInt64Array.from(values as bigint[]);
  }
}

function parseValue(text: string, type: OutputType): Value | undefined {
  const word = text.trim().toLowerCase();
  switch (type) {
    case 'text':
      return text;
    case 'float4':
    case 'float8': {
      const value = Object.hasOwn(WORDS, word) ? WORDS[word]! : Number(word);
      return word === '' || (Number.isNaN(value) && word !== 'nan') ? undefined : value;
    }
    case 'bool':
      return word === 'true' || word === '1' ? 1 : word === 'false' || word === '0' ? 0 : undefined;
    case 'int4':
    case 'int8': {
      // pandas writes whole numbers of a column with gaps as 1.0.
      const digits = /^([+-]?\d{1,19})(?:\.0*)?$/.exec(word)?.[1];
      if (digits === undefined) return undefined;
      const value = BigInt(digits.replace('+', ''));
      const bits = type === 'int4' ? 32 : 64;
      if (BigInt.asIntN(bits, value) !== value) return undefined;
      return type === 'int4' ? Number(value) : value;
    }
  }
}

function refuse(message: string, hint: string): PredawnError {
  return new PredawnError('artefact', 'golden.expected', message, { hint });
}
