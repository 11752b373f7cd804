import { PredawnError } from '../domain/errors.js';
import { type ExpectedOutputs, readExpected } from '../domain/expected-outputs.js';
import { goldenBytes } from '../domain/golden.js';
import type { Job } from '../domain/job.js';
import type { Model } from '../domain/model.js';
import type { Candidate, Tolerance } from '../domain/registry.js';
import { rowsOf, type ScoreDifference, scoreDifferences, toleranceText } from '../domain/score-difference.js';
import { sharedBytes } from '../domain/shared-bytes.js';
import { type TextTable, withColumnsReversed } from '../domain/text-table.js';
import { type GoldenInputs, readGoldenInputs } from './golden-inputs.js';
import type { Services } from './services.js';
import { findUnsteadyScores, STEADY } from './stable-scores.js';
import { using } from './using.js';
import { describeRuntime } from './verified-model.js';

/** Every run scores them before it does anything else. */
const MOST_ROWS = 10_000;
const SHOWN = 5;

/** Golden rows as a person brings them. */
export interface GoldenRequest {
  readonly golden: TextTable;
  /** Undefined: what the model gives now is expected from now on. */
  readonly expected: TextTable | undefined;
  readonly tolerance: Tolerance;
  /** Says which columns feed which input, what means missing, and what the outputs are called. */
  readonly job: Job;
}

/** A candidate with golden rows, and which expected outputs were not given but recorded. */
export interface GoldenCandidate {
  readonly candidate: Candidate;
  readonly recorded: readonly string[];
}

/**
 * Has a candidate prove that it predicts what it is expected to, row by row, whatever rows are beside it.
 *
 * @throws PredawnError kind `artefact`: `golden.mismatch` naming the farthest rows, `golden.unsteady` where a score
 *   depends on other rows or on the order of columns, and what reading the two tables throws
 */
export async function addGolden(
  candidate: Candidate,
  request: GoldenRequest,
  services: Services,
): Promise<GoldenCandidate> {
  const { signature } = candidate.manifest;
  const { golden: table, tolerance, job } = request;
  checkCount(table);
  const golden = await readGoldenInputs(table, signature, job, services);
  const opening = services.codecs.openModel(sharedBytes(candidate.model), signature);
  const { expected, recorded } = await using(opening, (model) => score(model, golden, request, services));
  return {
    candidate: {
      model: candidate.model,
      golden: goldenBytes({ ...golden, expected }, signature),
      manifest: {
        ...candidate.manifest,
        golden: {
          rows: golden.rows,
          tolerance,
          expectedFrom: request.expected === undefined ? 'runtime' : 'given',
          ...(recorded.length > 0 && { recorded }),
        },
      },
    },
    recorded,
  };
}

async function score(
  model: Model,
  golden: GoldenInputs,
  request: GoldenRequest,
  services: Services,
): Promise<ExpectedOutputs> {
  const { golden: table, expected: given, tolerance, job } = request;
  const { signature } = model;
  const scores = await model.score(golden.inputs, golden.rows);
  const outputs =
    given === undefined
      ? { expected: scores, recorded: [] }
      : readExpected(given, table, signature, job.output.columns, scores);
  const differences = scoreDifferences(signature, tolerance, outputs.expected, scores);
  if (differences.length > 0) {
    const summary = `${rowsOf(differences)} of ${golden.rows} golden rows differ from ${given!.path} by more than ${toleranceText(tolerance)}, with ${describeRuntime(services.versions)}.`;
    throw refuse('golden.mismatch', summary, differences, golden, MISMATCH_HINT);
  }

  const unsteady = await findUnsteadyScores(model, golden, scores);
  if (unsteady !== undefined) {
    const summary = `The scores of ${rowsOf(unsteady.differences)} of ${golden.rows} golden rows depend on the rows beside them: scored ${unsteady.arrangement} they differ by more than ${toleranceText(STEADY)}.`;
    throw refuse('golden.unsteady', summary, unsteady.differences, golden, UNSTEADY_HINT);
  }

  const reversed = await readGoldenInputs(withColumnsReversed(table), signature, job, services);
  const permuted = await model.score(reversed.inputs, reversed.rows);
  const moved = scoreDifferences(signature, STEADY, scores, permuted);
  if (moved.length > 0) {
    const summary = `The scores of ${rowsOf(moved)} golden rows depend on the order of the columns in ${table.path}.`;
    throw refuse('golden.unsteady', summary, moved, golden, COLUMNS_HINT);
  }
  return outputs;
}

const MISMATCH_HINT =
  'Look whether the rows are read as in training: their columns, their order in a matrix, and what means missing (--job names the job file that says so). For differences that do not matter, widen --tolerance.';
const UNSTEADY_HINT =
  'Export the model so that a row is scored by itself: without batch normalisation in training mode, or a mean or rank over the batch.';
const COLUMNS_HINT = 'Name the columns of a matrix in the job file, under features, in their training order.';

function checkCount({ path, rows }: TextTable): void {
  if (rows.length > 0 && rows.length <= MOST_ROWS) return;
  throw new PredawnError('artefact', 'golden.rows', `${path} has ${rows.length} golden rows.`, {
    hint: `Give 1 to ${MOST_ROWS} of them; a hundred are enough, since every run scores them first.`,
  });
}

/** One problem for each of the farthest rows, under a summary. */
function refuse(
  code: string,
  summary: string,
  differences: readonly ScoreDifference[],
  { keys }: GoldenInputs,
  hint: string,
): PredawnError {
  const problems = differences.slice(0, SHOWN).map(({ row, column, expected, got }) => {
    const key = keys[row] === '' ? '' : ` (${keys[row]})`;
    return new PredawnError(
      'artefact',
      code,
      `row ${row + 1}${key}, ${column}: expected ${expected}, got ${got}`,
    );
  });
  return new PredawnError('artefact', code, summary, { hint, problems });
}
