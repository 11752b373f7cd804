import type { Joining } from './binding-joining.js';
import { defaultNames } from './binding-names.js';
import type { OutputColumn } from './columns.js';
import type { ModelOutput, OutputRole } from './model.js';
import { didYouMean } from './nearest.js';

/** What a job's output expressions may call an output by, whatever its name in the graph. */
const ALIASES: Readonly<Record<string, OutputRole>> = { label: 'label', probabilities: 'probabilities' };

/** The published columns: those the job names, or every output, class by class. */
export function bindOutputs(joining: Joining): OutputColumn[] {
  const { job, signature } = joining;
  if (job.output.columns !== undefined) {
    return Object.entries(job.output.columns).flatMap(([name, expression]) => {
      const found = resolve(joining, name, expression);
      return found === undefined ? [] : [outputColumn(joining, name, found.output, found.element)];
    });
  }
  return defaultNames(signature.outputs).map(({ name, output, element }) =>
    outputColumn(joining, name, output, element),
  );
}

function outputColumn(
  { job, signature }: Joining,
  name: string,
  output: number,
  element: number,
): OutputColumn {
  const source = signature.outputs[output]!;
  return {
    name,
    type: source.type,
    output,
    element,
    description: `${describeValue(source, element)}, from output "${source.name}" of model ${job.model}.`,
    probability: source.role === 'probabilities',
  };
}

function describeValue({ role, classes, width }: ModelOutput, element: number): string {
  if (role === 'label') return 'Predicted class';
  const name = classes?.[element];
  if (role === 'probabilities') {
    if (name !== undefined) return `Probability of class "${name}"`;
    return width === 1 ? 'Probability' : `Probability of class number ${element}, counted from 0`;
  }
  if (name !== undefined) return `Predicted value for "${name}"`;
  return width === 1 ? 'Predicted value' : `Predicted value number ${element}, counted from 0`;
}

function resolve(
  joining: Joining,
  name: string,
  expression: string,
): { output: number; element: number } | undefined {
  const { signature, modelLabel, report } = joining;
  const { outputName, selector } = parseExpression(signature.outputs, expression);
  const where = `output.columns "${name}"`;
  const index = findOutput(signature.outputs, outputName);
  if (index === undefined) {
    const choices = signature.outputs.flatMap(expressionsOf);
    const hint = didYouMean(expression, choices, `There are: ${list(choices)}.`);
    report('bind.output_unknown', `${where}: ${modelLabel} has no output "${outputName}".`, hint);
    return undefined;
  }
  const output = signature.outputs[index]!;
  const hint = `Write one of: ${list(expressionsOf(output))}.`;
  if (selector === undefined) {
    if (output.width === 1) return { output: index, element: 0 };
    report(
      'bind.output_width',
      `${where}: output "${output.name}" of ${modelLabel} has ${output.width} values a row.`,
      hint,
    );
    return undefined;
  }
  const element = elementOf(output, selector);
  if (element !== undefined) return { output: index, element };
  report(
    'bind.output_element',
    `${where}: output "${output.name}" of ${modelLabel} has no [${selector}].`,
    hint,
  );
  return undefined;
}

function parseExpression(
  outputs: readonly ModelOutput[],
  expression: string,
): { outputName: string; selector: string | undefined } {
  const isName = outputs.some((output) => output.name === expression);
  const [, outputName, selector] = (isName ? undefined : /^(.+?)\[(.*)\]$/s.exec(expression)) ?? [];
  return { outputName: outputName ?? expression, selector };
}

function findOutput(outputs: readonly ModelOutput[], name: string): number | undefined {
  const exact = outputs.findIndex((output) => output.name === name);
  if (exact >= 0) return exact;
  const role = Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined;
  const ofRole = outputs.flatMap((output, index) => (output.role === role ? [index] : []));
  return ofRole.length === 1 ? ofRole[0] : undefined;
}

/** By class name; by position, from 0, only where the model names no classes. */
function elementOf({ classes, width }: ModelOutput, selector: string): number | undefined {
  if (classes !== undefined) {
    const element = classes.indexOf(selector);
    return element < 0 ? undefined : element;
  }
  return /^\d+$/.test(selector) && Number(selector) < width ? Number(selector) : undefined;
}

/** Every expression that an output can be published with. */
function expressionsOf(output: ModelOutput): string[] {
  return Array.from({ length: output.width }, (_, element) => expressionOf(output, element));
}

/** How a job file writes one value of an output: `variable`, `probabilities[yes]`. */
export function expressionOf({ name, width, classes }: ModelOutput, element: number): string {
  return width === 1 ? name : `${name}[${classes?.[element] ?? element}]`;
}

function list(choices: readonly string[]): string {
  const shown = choices.slice(0, 20).join(', ');
  return choices.length > 20 ? `${shown} and ${choices.length - 20} more` : shown;
}
