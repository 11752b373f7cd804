import { defaultNames } from './binding-names.js';
import { expressionOf } from './binding-outputs.js';
import type { FeatureType } from './columns.js';
import type { InferenceRequest, MatchedInput, UnmatchedInput } from './inference.js';
import type { SampledColumn } from './inference-sample.js';
import { yamlList, yamlText } from './yaml-text.js';

/** The job file that `inferJob` found, commented for whoever reads one for the first time. */
export function renderJob(
  request: InferenceRequest,
  columns: readonly SampledColumn[],
  keys: readonly string[],
  matched: readonly MatchedInput[],
  unmatched: readonly UnmatchedInput[],
): string {
  const sections = [
    [
      `# Job ${request.jobName}: written by \`predawn init\` from the model and the first rows of its input.`,
      '# Read it once; `predawn validate` checks it after every change.',
    ],
    [
      `model: ${yamlText(request.modelName)} # a name in the registry; the environment decides which version runs`,
    ],
    [
      '# When to run: minute, hour, day of month, month, day of week, in the time zone below.',
      'schedule: "0 6 * * *"',
      '# Whose calendar days are scored.',
      `timezone: ${request.timezone}`,
    ],
    inputSection(request),
    keySection(keys),
    featuresSection(matched, unmatched),
    missingSection(columns, matched),
    outputSection(request),
    [
      '# Past these, nothing is published and the run fails.',
      'limits:',
      '  rejects: 0 # a count of rows, or a share such as 0.1%',
      '  min_rows: 1',
    ],
  ];
  return `${sections
    .filter((section) => section.length > 0)
    .map((section) => section.join('\n'))
    .join('\n\n')}\n`;
}

function inputSection({ input }: InferenceRequest): string[] {
  const lines = ['input:'];
  if (input.csv !== undefined) {
    lines.push(
      input.csv.includes('{date}')
        ? '  # {date} becomes the day that is scored, as 2026-11-20.'
        : '  # Put {date} where the path has the day that is scored, as 2026-11-20: now every day reads the same file.',
      `  csv: ${yamlText(input.csv)}`,
    );
  }
  if (input.query !== undefined) {
    lines.push('  # :date is the day that is scored; its instants are >= :from and < :to, in UTC.');
    lines.push(`  query: ${yamlText(input.query)}`);
  }
  const options = {
    delimiter: input.delimiter,
    quote: input.quote,
    encoding: input.encoding,
    final_newline: input.finalNewline,
  };
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && value !== DEFAULTS[name])
      lines.push(`  ${name}: ${value === 'none' ? value : yamlText(value)}`);
  }
  return lines;
}

const DEFAULTS: Readonly<Record<string, string>> = {
  delimiter: ',',
  quote: '"',
  encoding: 'utf-8',
  final_newline: 'required',
};

function keySection([key, ...others]: readonly string[]): string[] {
  if (key === undefined) {
    return [
      '# TODO: no column has a different value in every row. Name the columns that identify one together:',
      '# key: [first, second]',
    ];
  }
  const also =
    others.length === 0
      ? []
      : [`# Others without a repeated value in the sample: ${yamlList(others.slice(0, 5))}`];
  return [
    '# What identifies a row. Copied to the predictions; must occur once a day.',
    ...also,
    `key: ${yamlText(key)}`,
  ];
}

function featuresSection(matched: readonly MatchedInput[], unmatched: readonly UnmatchedInput[]): string[] {
  const entries: string[] = [];
  for (const { input, columns } of matched) {
    const [first, ...rest] = columns;
    if (rest.length > 0) {
      entries.push('  # In the order of the input: check that the model was trained with this order.');
      entries.push(`  ${yamlText(input.name)}: ${yamlList(columns)}`);
    } else if (first !== undefined && first !== input.name) {
      entries.push(`  ${yamlText(input.name)}: ${yamlText(first)}`);
    }
  }
  const todo = unmatched.flatMap(({ input, candidates }) => [
    `  # TODO: ${whatIsWanted(input.type, input.shape)}. ${candidates.length > 0 ? 'Perhaps:' : 'Nothing in the input looks like it.'}`,
    `  # ${yamlText(input.name)}: ${suggestion(input.shape, candidates)}`,
  ]);
  if (entries.length + todo.length === 0) {
    return [
      '# Every input of the model has a column of the same name. Otherwise: features: { model_input: column }',
    ];
  }
  // A mapping whose entries are all comments would be empty.
  const head = entries.length > 0 ? 'features:' : '# features:';
  return [
    '# Which columns feed which model input, where the names differ or the input takes several.',
    head,
    ...entries,
    ...todo,
  ];
}

function whatIsWanted(type: FeatureType, shape: readonly (number | null)[]): string {
  if (shape.length < 2 || shape[1] === 1) return `this model input takes one column of ${type}`;
  return `this model input takes ${shape[1] ?? 'several'} columns of ${type}, in the order of its training`;
}

function suggestion(shape: readonly (number | null)[], candidates: readonly string[]): string {
  if (shape.length === 2 && shape[1] !== 1)
    return candidates.length > 0 ? yamlList(candidates) : '[first, second]';
  const [first, ...others] = candidates;
  const also = others.length > 0 ? ` # or ${others.map(yamlText).join(', ')}` : '';
  return `${first === undefined ? '<column>' : yamlText(first)}${also}`;
}

function missingSection(columns: readonly SampledColumn[], matched: readonly MatchedInput[]): string[] {
  const rules: string[] = [];
  const comments: string[] = [];
  const typesOf = new Map<string, Set<FeatureType>>();
  for (const { input, columns: names } of matched) {
    for (const name of names) typesOf.set(name, (typesOf.get(name) ?? new Set()).add(input.type));
  }
  for (const { name, missingTokens } of columns) {
    const types = [...(typesOf.get(name) ?? [])];
    if (missingTokens.length === 0 || types.length === 0 || types.includes('string')) continue;
    // An empty field always means missing.
    const tokens = missingTokens.filter((token) => token !== '').map((token) => JSON.stringify(token));
    const list = tokens.length > 0 ? `tokens: [${tokens.join(', ')}], ` : '';
    if (types.every((type) => type === 'float32' || type === 'float64')) {
      rules.push(`  ${yamlText(name)}: { ${list}then: nan }`);
    } else {
      comments.push(
        `# ${yamlText(name)} misses values too, but the model takes whole numbers there: such rows are rejected.`,
      );
      comments.push(`# To fill them in instead: ${yamlText(name)}: { ${list}then: 0 }`);
    }
  }
  if (rules.length === 0) return comments;
  return [
    '# Columns that miss values in the sample, the texts that stand for it, and what then: `nan` hands the model a',
    '# not-a-number. Check that the model was trained to take it; otherwise write reject, or a value to fill in.',
    'missing:',
    ...rules,
    ...comments,
  ];
}

function outputSection({ signature }: InferenceRequest): string[] {
  return [
    'output:',
    '  format: parquet # in folders; or csv, or arrow',
    '  # Everything the model gives is published. To choose or rename the columns, list them:',
    '  # columns:',
    ...defaultNames(signature.outputs).map(
      ({ name, output, element }) =>
        `  #   ${yamlText(name)}: ${yamlText(expressionOf(signature.outputs[output]!, element))}`,
    ),
  ];
}
