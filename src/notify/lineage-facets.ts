import { isPublished, type Ended } from './told.js';

/** Facets of OpenLineage, each with the version of its schema that it is written by. */
const SCHEMAS = {
  ErrorMessageRunFacet: '1-0-1',
  NominalTimeRunFacet: '1-0-1',
  ProcessingEngineRunFacet: '1-1-1',
  TagsRunFacet: '1-0-0',
  JobTypeJobFacet: '2-0-4',
  SQLJobFacet: '1-1-0',
  SchemaDatasetFacet: '1-2-0',
  DatasetVersionDatasetFacet: '1-0-1',
  InputStatisticsInputDatasetFacet: '1-0-0',
  DataQualityMetricsInputDatasetFacet: '1-0-3',
  DataQualityAssertionsDatasetFacet: '1-1-0',
  OutputStatisticsOutputDatasetFacet: '1-0-2',
} as const;

export type Facets = Readonly<Record<string, unknown>>;

export function producerOf(version: string): string {
  return `urn:predawn:${version}`;
}

/** A facet with the fields that every one has. */
export function facet(schema: keyof typeof SCHEMAS, version: string, fields: object): object {
  return {
    _producer: producerOf(version),
    _schemaURL: `https://openlineage.io/spec/facets/${SCHEMAS[schema]}/${schema}.json#/$defs/${schema}`,
    ...fields,
  };
}

/** Gates by what they look at, by the codes of their errors. A run that passed them all passed each. */
const INPUT_GATES = ['rejects', 'min_rows', 'inexact_integers', 'duplicate_keys'];
const OUTPUT_GATES = ['not_finite', 'not_a_probability'];
const OF_INPUT = [...INPUT_GATES, 'row_count', 'missing', 'unknown_categories', 'feature_shift'];
const GATE = /^gate\.(.+)$/;

interface Assertion {
  readonly assertion: string;
  readonly success: boolean;
  readonly severity: 'error' | 'warn';
  readonly description?: string;
}

/** What the gates said, once they were asked: after a success, or where one of them is the error. */
export function assertionsOf(ended: Ended): { input: Assertion[]; output: Assertion[] } | undefined {
  const { error, receipt } = ended;
  const errors = error === undefined ? [] : [error, ...error.problems];
  const failed = new Map(
    errors.flatMap(({ kind, code, message }) => {
      // One that can't be asked has not failed.
      const gate = kind === 'data' ? GATE.exec(code)?.[1] : undefined;
      return gate === undefined ? [] : [[gate, message] as const];
    }),
  );
  if (receipt === undefined && failed.size === 0) return undefined;
  const asked = (receipt?.gates ?? []).map(({ gate, status, detail }): Assertion => {
    const success = status === 'passed' || status === 'undecided';
    const severity = status === 'warned' ? 'warn' : 'error';
    return { assertion: gate, success, severity, description: detail };
  });
  // The job's own checks have names of their own, and are asked of predictions.
  const isOfInput = (gate: string) => OF_INPUT.includes(gate);
  const always = [...INPUT_GATES, ...OUTPUT_GATES];
  const others = [...failed.keys()].filter((gate) => !always.includes(gate));
  const assertion = (gate: string): Assertion => ({
    assertion: gate,
    success: !failed.has(gate),
    severity: 'error',
    ...(failed.has(gate) && { description: failed.get(gate)! }),
  });
  return {
    input: [
      ...[...INPUT_GATES, ...others.filter(isOfInput)].map(assertion),
      ...asked.filter((each) => isOfInput(each.assertion)),
    ],
    output: [
      ...[...OUTPUT_GATES, ...others.filter((gate) => !isOfInput(gate))].map(assertion),
      ...asked.filter((each) => !isOfInput(each.assertion)),
    ],
  };
}

/** What is known of a run that has no field of its own, for people who look at it. */
export function tagsOf(ended: Ended): { key: string; value: string; source: string }[] {
  const { run, asOf, exitCode, receipt, error, description, attemptIds } = ended;
  const values = {
    environment: run.environment,
    data_date: asOf,
    artefact: description?.artefact,
    attempt_id: receipt?.attempt_id ?? attemptIds.at(-1),
    outcome: isPublished(ended) ? receipt!.outcome : (receipt?.outcome ?? 'failed'),
    exit_code: String(exitCode),
    error: error?.code,
  };
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value, source: 'PREDAWN' }],
  );
}
