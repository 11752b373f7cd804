import type { Joining } from './binding-joining.js';
import type { FeatureSlot, FeatureType, MissingAction, MissingPolicy } from './columns.js';
import type { MissingRule } from './job.js';
import type { ModelInput } from './model.js';
import { didYouMean } from './nearest.js';
import { yamlText } from './yaml-text.js';

const REJECT: MissingPolicy = { then: 'reject', tokens: [] };
const INT32_LIMIT = 2n ** 31n;
const INT64_LIMIT = 2n ** 63n;

/** A column's rule for one input that it feeds. Reports an action that the input's type can't carry out. */
export function missingPolicy(
  { job, modelLabel, report }: Joining,
  column: string,
  input: ModelInput,
): MissingPolicy {
  const rule = Object.hasOwn(job.missing, column) ? job.missing[column] : undefined;
  if (rule === undefined) return REJECT;
  const action = actionFor(rule.then, input.type);
  if (typeof action !== 'string') return { ...action, tokens: rule.tokens };
  report(
    'bind.missing_action',
    `missing "${column}": input "${input.name}" of ${modelLabel} takes ${input.type}, which ${action}.`,
    `Write then: reject, or a fill value: ${EXAMPLES[input.type]}.`,
  );
  return REJECT;
}

/** Reports rules for columns that are keys, that no input takes or that are not there. */
export function checkMissingRules(joining: Joining, features: readonly FeatureSlot[]): void {
  const { job, columns, sourceLabel, modelLabel, report } = joining;
  const fed = new Set(features.map((slot) => slot.column));
  for (const name of Object.keys(job.missing)) {
    if (job.key.includes(name)) {
      report(
        'bind.missing_key',
        `missing "${name}": that column is a key; a row without its key is always rejected.`,
        'Remove the rule.',
      );
    } else if (columns.find(name) === undefined) {
      report(
        'bind.missing_unknown',
        `missing "${name}": ${sourceLabel} has no such column.`,
        hintFor(joining, name),
      );
    } else if (!fed.has(name) && !isNamedBySomeInput(joining, name)) {
      const hint = didYouMean(name, fed, 'Remove the rule.');
      report('bind.missing_unused', `missing "${name}": no input of ${modelLabel} takes that column.`, hint);
    }
  }
}

/** A column that an input takes, or would but for another problem that is reported already. */
function isNamedBySomeInput({ job, signature }: Joining, column: string): boolean {
  return signature.inputs.some(({ name }) => {
    const entry = Object.hasOwn(job.features, name) ? job.features[name] : name;
    return typeof entry === 'string' ? entry === column : entry?.includes(column);
  });
}

function hintFor({ job, columns }: Joining, name: string): string {
  const entry = Object.hasOwn(job.features, name) ? job.features[name] : undefined;
  if (typeof entry === 'string') return `Use the column's name, ${yamlText(entry)}, not the model's.`;
  return didYouMean(name, columns.names, `Its columns are: ${[...columns.names].join(', ')}.`);
}

const EXAMPLES: Readonly<Record<FeatureType, string>> = {
  float32: 'a number such as 0.5',
  float64: 'a number such as 0.5',
  int64: 'a whole number such as 0',
  int32: 'a whole number such as 0',
  bool: 'true or false',
  string: 'a text such as "unknown" (in quotes if it looks like a number)',
};

/** What to do for an input of that type; a text says why it can't be done. */
function actionFor(then: MissingRule['then'], type: FeatureType): MissingAction | string {
  if (then === 'reject') return { then };
  const isFloat = type === 'float32' || type === 'float64';
  if (then === 'nan') return isFloat ? { then } : 'has no NaN';
  const value = fillValue(then.fill, type);
  return value === undefined
    ? `can't hold the fill value ${JSON.stringify(then.fill)}`
    : { then: 'fill', value };
}

function fillValue(
  fill: string | number | boolean,
  type: FeatureType,
): number | bigint | boolean | string | undefined {
  switch (type) {
    case 'float32':
      return typeof fill === 'number' && Number.isFinite(Math.fround(fill)) ? fill : undefined;
    case 'float64':
      return typeof fill === 'number' && Number.isFinite(fill) ? fill : undefined;
    case 'int32': {
      const value = integer(fill, INT32_LIMIT);
      return value === undefined ? undefined : Number(value);
    }
    case 'int64':
      return integer(fill, INT64_LIMIT);
    case 'bool':
      return typeof fill === 'boolean' ? fill : undefined;
    case 'string':
      return typeof fill === 'string' ? fill : undefined;
  }
}

/** Integers that a YAML number would round are written as text. */
function integer(fill: string | number | boolean, limit: bigint): bigint | undefined {
  const isExact = typeof fill === 'number' ? Number.isSafeInteger(fill) : /^-?\d{1,19}$/.test(String(fill));
  if (!isExact) return undefined;
  const value = BigInt(fill);
  return value >= -limit && value < limit ? value : undefined;
}
