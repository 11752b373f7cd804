import type { Joining } from './binding-joining.js';
import { missingPolicy } from './binding-missing.js';
import type { DecodePlan, FeatureSlot } from './columns.js';
import type { ModelInput } from './model.js';
import { didYouMean, nearest } from './nearest.js';
import { yamlList, yamlText } from './yaml-text.js';

/** The tensors to fill and the columns that fill them. Reports inputs without columns, and entries without inputs. */
export function bindFeatures(joining: Joining): Pick<DecodePlan, 'inputs' | 'features'> {
  checkFeatureNames(joining);
  const inputs: DecodePlan['inputs'][number][] = [];
  const features: FeatureSlot[] = [];
  joining.signature.inputs.forEach((input, index) => {
    const columns = columnsOf(joining, input);
    inputs.push({ name: input.name, type: input.type, width: columns.length });
    columns.forEach((column, offset) => {
      const slot = slotOf(joining, input, column, { input: index, offset });
      if (slot !== undefined) features.push(slot);
    });
  });
  features.sort((a, b) => a.sourceIndex - b.sourceIndex);
  return { inputs, features };
}

function checkFeatureNames({ job, signature, modelLabel, report }: Joining): void {
  const inputs = signature.inputs.map((input) => input.name);
  for (const name of Object.keys(job.features)) {
    if (inputs.includes(name)) continue;
    const hint = didYouMean(name, inputs, `Its inputs are: ${inputs.join(', ')}.`);
    report('bind.input_unknown', `features "${name}": ${modelLabel} has no such input.`, hint);
  }
}

/** The columns of one input in tensor order; none where that was reported. */
function columnsOf(joining: Joining, input: ModelInput): readonly string[] {
  const { job, report, modelLabel } = joining;
  const [, width] = input.shape;
  if (input.shape.length < 1 || input.shape.length > 2) {
    report(
      'bind.input_rank',
      `Input "${input.name}" of ${modelLabel} has ${input.shape.length} dimensions; rows of a table fill one or two.`,
      'Export the model with inputs of shape [N], [N, 1] or [N, number of columns].',
    );
    return [];
  }
  const isMatrix = input.shape.length === 2 && width !== 1;
  const entry = Object.hasOwn(job.features, input.name) ? job.features[input.name] : undefined;
  if (entry === undefined) return isMatrix ? reportMatrix(joining, input) : [input.name];
  const columns = typeof entry === 'string' ? [entry] : entry;
  checkList(joining, input, columns);
  return columns;
}

function checkList({ modelLabel, report }: Joining, input: ModelInput, columns: readonly string[]): void {
  const wanted = input.shape.length === 1 ? 1 : (input.shape[1] ?? columns.length);
  if (columns.length !== wanted) {
    report(
      'bind.input_width',
      `features "${input.name}" lists ${count(columns.length)}, but that input of ${modelLabel} takes ${count(wanted)}.`,
      'List every column once, in the order the model was trained with.',
    );
  }
  const repeated = columns.filter((column, index) => columns.indexOf(column) !== index);
  for (const column of new Set(repeated)) {
    report(
      'bind.input_repeats',
      `features "${input.name}" lists "${column}" more than once.`,
      'List every column once, in the order the model was trained with.',
    );
  }
}

function reportMatrix({ job, columns, modelLabel, report }: Joining, input: ModelInput): readonly string[] {
  const width = input.shape[1] ?? undefined;
  const others = columns.all.filter(
    (column) => column.feeds.has(input.type) && !job.key.includes(column.name),
  );
  const fits = others.length === width;
  const example = fits ? yamlList(others.map((column) => column.name)) : '[first_column, second_column, …]';
  report(
    'bind.input_matrix',
    `Input "${input.name}" of ${modelLabel} is a matrix of ${width === undefined ? 'columns' : count(width)}, and the job does not say which.`,
    `Write under features, in the order the model was trained with: ${yamlText(input.name)}: ${example}`,
  );
  return [];
}

function slotOf(
  joining: Joining,
  input: ModelInput,
  name: string,
  place: { input: number; offset: number },
): FeatureSlot | undefined {
  const { columns, sourceLabel, modelLabel, report } = joining;
  const found = columns.find(name);
  if (found === undefined) {
    report(
      'bind.column_unknown',
      `Input "${input.name}" of ${modelLabel} needs column "${name}", which ${sourceLabel} does not have.`,
      hintForColumn(joining, input, name),
    );
    return undefined;
  }
  if (found.ambiguous) {
    report(
      'bind.column_ambiguous',
      `Input "${input.name}" of ${modelLabel} needs column "${name}", and ${sourceLabel} has more than one of that name.`,
      'Give each column a name of its own in the query or the file.',
    );
    return undefined;
  }
  if (!found.column.feeds.has(input.type)) {
    report(
      'bind.column_type',
      `Column "${name}" is ${found.column.typeName}, which input "${input.name}" of ${modelLabel} can't take: it takes ${input.type}.`,
      'Convert it in the query, or name another column under features.',
    );
    return undefined;
  }
  const missing = missingPolicy(joining, name, input);
  return { column: name, sourceIndex: found.index, type: input.type, missing, ...place };
}

function hintForColumn({ job, columns }: Joining, input: ModelInput, name: string): string {
  const meant = nearest(name, columns.names);
  if (meant === undefined) {
    return `Name the column under features: ${yamlText(input.name)}: <column>. There are: ${[...columns.names].join(', ')}.`;
  }
  const isNamed = Object.hasOwn(job.features, input.name);
  if (isNamed) return `Did you mean "${meant}"?`;
  return `If it is column "${meant}", write under features: ${yamlText(input.name)}: ${yamlText(meant)}`;
}

function count(columns: number): string {
  return columns === 1 ? '1 column' : `${columns} columns`;
}
