import { bindFeatures } from './binding-features.js';
import { checkGates } from './binding-gates.js';
import { bindKeys } from './binding-keys.js';
import { checkMissingRules } from './binding-missing.js';
import { checkPublishedNames } from './binding-names.js';
import { bindOutputs } from './binding-outputs.js';
import { type BindingContext, type Joining, SourceColumns } from './binding-joining.js';
import type { DecodePlan, KeyType, OutputColumn } from './columns.js';
import { combine, PredawnError } from './errors.js';
import type { Job } from './job.js';
import type { ModelSignature } from './model.js';
import type { SourceDescription } from './source.js';

export type { BindingContext } from './binding-joining.js';

/** How a source's columns become a model's inputs, and its outputs a table's columns. */
export interface Binding {
  readonly plan: DecodePlan;
  readonly outputs: readonly OutputColumn[];
  readonly keys: readonly { readonly name: string; readonly type: KeyType }[];
  /** Source columns that are neither key nor feature, in their order. */
  readonly unusedColumns: readonly string[];
}

/**
 * Joins a job, its model and its source's actual columns by name, before any row is read.
 *
 * @throws PredawnError kind `configuration` with everything that does not fit, each with the nearest name
 */
export function bind(
  job: Job,
  signature: ModelSignature,
  source: SourceDescription,
  context: BindingContext,
): Binding {
  const problems: PredawnError[] = [];
  const joining: Joining = {
    ...context,
    job,
    signature,
    columns: new SourceColumns(source.columns),
    report: (code, message, hint) =>
      problems.push(new PredawnError('configuration', code, message, { hint })),
  };

  const keys = bindKeys(joining);
  const { inputs, features } = bindFeatures(joining);
  checkMissingRules(joining, features);
  const outputs = bindOutputs(joining);
  checkGates(joining, features, outputs);
  checkPublishedNames(joining, outputs);

  if (problems.length > 0) throw combine(problems, summary(joining, problems.length));
  const columns = source.columns.map((column) => column.name);
  const used = new Set([...keys, ...features].map((slot) => slot.sourceIndex));
  return {
    plan: { columns, keys, features, inputs },
    outputs,
    keys: keys.map(({ column, type }) => ({ name: column, type })),
    unusedColumns: columns.filter((_, index) => !used.has(index)),
  };
}

function summary({ job, modelLabel, sourceLabel }: Joining, count: number): string {
  return `${job.path}: the job, ${modelLabel} and ${sourceLabel} do not fit together in ${count} places.`;
}
