import { keyCandidates, sampleColumn, type SampledColumn } from './inference-sample.js';
import { renderJob } from './inference-yaml.js';
import type { TextEncoding } from './job.js';
import type { ModelInput, ModelSignature } from './model.js';
import { asIdentifier, nearest } from './nearest.js';
import type { SourceDescription } from './source.js';

/** What there is to guess from. */
export interface InferenceRequest {
  readonly jobName: string;
  readonly modelName: string;
  readonly signature: ModelSignature;
  /** IANA time zone for the job. */
  readonly timezone: string;
  /** As it goes into the job file; at least one of csv and query. */
  readonly input: {
    readonly csv?: string | undefined;
    readonly query?: string | undefined;
    readonly delimiter?: string | undefined;
    /** A character, or `none`. */
    readonly quote?: string | undefined;
    readonly encoding?: TextEncoding | undefined;
    readonly finalNewline?: 'required' | 'optional' | undefined;
  };
  readonly source: SourceDescription;
  /** The first rows: texts by column name, `''` for NULL. */
  readonly sampleRows: readonly Readonly<Record<string, string>>[];
}

/** A model input with the columns that were found for it. */
export interface MatchedInput {
  readonly input: ModelInput;
  readonly columns: readonly string[];
}

/** A model input that a person must decide about. */
export interface UnmatchedInput {
  readonly input: ModelInput;
  /** Columns that may be meant, the likeliest first. */
  readonly candidates: readonly string[];
}

export interface InferredJob {
  /** The job file. Where something could not be decided it says TODO in a comment. */
  readonly yaml: string;
  readonly matched: readonly MatchedInput[];
  readonly unmatched: readonly UnmatchedInput[];
  /** The first one is the job's key; empty where no column can be. */
  readonly keyCandidates: readonly string[];
}

/** Guesses a job file from a model's inputs and a source's columns. Writes nothing, throws nothing. */
export function inferJob(request: InferenceRequest): InferredJob {
  const columns = request.source.columns.map((column) => sampleColumn(column, request.sampleRows));
  const keys = keyCandidates(columns);
  const { matched, unmatched } = matchInputs(request.signature.inputs, columns, keys[0]);
  return {
    yaml: renderJob(request, columns, keys, matched, unmatched),
    matched,
    unmatched,
    keyCandidates: keys,
  };
}

function matchInputs(
  inputs: readonly ModelInput[],
  columns: readonly SampledColumn[],
  key: string | undefined,
): Pick<InferredJob, 'matched' | 'unmatched'> {
  const found = new Map<ModelInput, readonly string[]>();
  for (const input of inputs) {
    const column = isMatrix(input) ? undefined : sameName(input, columns);
    if (column !== undefined) found.set(input, [column]);
  }

  const taken = new Set([...found.values()].flat());
  const free = columns.filter(({ name }) => name !== key && !taken.has(name));
  const matrices = inputs.filter(isMatrix);
  for (const input of matrices) {
    const candidates = matrixColumns(input, free);
    if (matrices.length === 1 && candidates.length === input.shape[1]) found.set(input, candidates);
  }

  return {
    matched: inputs.flatMap((input) => (found.has(input) ? [{ input, columns: found.get(input)! }] : [])),
    unmatched: inputs
      .filter((input) => !found.has(input))
      .map((input) => ({
        input,
        candidates: isMatrix(input) ? matrixColumns(input, free) : nearColumns(input, free),
      })),
  };
}

function isMatrix({ shape }: ModelInput): boolean {
  return shape.length === 2 && shape[1] !== 1;
}

/** The column of that name; else the only one that has it but for case, or as graphs rewrite names. */
function sameName({ name, type }: ModelInput, columns: readonly SampledColumn[]): string | undefined {
  const fitting = columns.filter((column) => column.feeds.has(type)).map((column) => column.name);
  const spellings = [
    (text: string) => text,
    (text: string) => text.toLowerCase(),
    (text: string) => asIdentifier(text).toLowerCase(),
  ];
  for (const spell of spellings) {
    const same = fitting.filter((column) => spell(column) === spell(name));
    if (same.length > 0) return same.length === 1 ? same[0] : undefined;
  }
  return undefined;
}

/** In the source's order, which is the training order if the file is made as the training file was. */
function matrixColumns({ type }: ModelInput, columns: readonly SampledColumn[]): string[] {
  const wantsNumbers = type !== 'string';
  return columns
    .filter(({ feeds, isNumeric }) => feeds.has(type) && isNumeric === wantsNumbers)
    .map(({ name }) => name);
}

function nearColumns({ name, type }: ModelInput, columns: readonly SampledColumn[]): string[] {
  const near: string[] = [];
  const rest = new Set(columns.filter(({ feeds }) => feeds.has(type)).map((column) => column.name));
  for (let next = nearest(name, rest); next !== undefined && near.length < 3; next = nearest(name, rest)) {
    near.push(next);
    rest.delete(next);
  }
  return near;
}
