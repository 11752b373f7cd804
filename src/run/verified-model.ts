import type { Model } from '../domain/model.js';
import { PredawnError } from '../domain/errors.js';
import { readGolden } from '../domain/golden.js';
import type { RuntimeVersions } from '../domain/receipt.js';
import type { Artefact } from '../domain/registry.js';
import { rowsOf, type ScoreDifference, scoreDifferences, toleranceText } from '../domain/score-difference.js';
import { artefactLabel } from './attempt.js';
import type { Services } from './services.js';

const SHOWN_ROWS = 3;

/**
 * Opens the very bytes whose digest was checked, and has the model score its golden rows before anything else: what it
 * predicts here and now must be what it predicted when it was added. An unverified version has none. `close` may be
 * called more than once.
 *
 * @throws PredawnError kind `artefact`: what `openModel` throws, and `golden.mismatch` where scores differ
 */
export async function openVerifiedModel(
  artefact: Artefact,
  { codecs, versions }: Pick<Services, 'codecs' | 'versions'>,
): Promise<Model> {
  const model = await codecs.openModel(artefact.model, artefact.manifest.signature);
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= model.close());
  try {
    const differences = await goldenDifferences(artefact, model);
    if (differences.length > 0) {
      throw mismatch(artefact, differences, describeRuntime(versions));
    }
  } catch (thrown) {
    await close().catch(() => undefined);
    throw thrown;
  }
  return { ...model, close };
}

async function goldenDifferences({ manifest, golden }: Artefact, model: Model): Promise<ScoreDifference[]> {
  if (manifest.golden === undefined || golden === undefined) return [];
  const { signature } = manifest;
  const known = readGolden(golden, signature, `golden.json of ${manifest.name}@${manifest.version}`);
  const scores = await model.score(known.inputs, known.rows);
  return scoreDifferences(signature, manifest.golden.tolerance, known.expected, scores);
}

function mismatch(artefact: Artefact, differences: readonly ScoreDifference[], here: string): PredawnError {
  const { golden, runtime } = artefact.manifest;
  const rows = differences.slice(0, SHOWN_ROWS).map(differenceText);
  return new PredawnError(
    'artefact',
    'golden.mismatch',
    `${artefactLabel(artefact)} does not predict what it predicted when it was added: ${rowsOf(differences)} of its ${golden!.rows} golden rows differ by more than ${toleranceText(golden!.tolerance)}, with ${here} (it was added with ${runtime}). The farthest: ${rows.join('; ')}.`,
    {
      hint: 'Score on the kind of machine and with the onnxruntime that the version was added with. If these scores are right too, add the model again with a wider --tolerance, and promote that.',
    },
  );
}

/** What scores here: `onnxruntime-node 1.30.0 on` and the processor. */
export function describeRuntime({ onnxruntime, cpu }: RuntimeVersions): string {
  return `onnxruntime-node ${onnxruntime} on ${cpu ?? 'an unknown processor'}`;
}

/** `row 18, probability_yes: expected 0.25, got 0.5`. */
export function differenceText({ row, column, expected, got }: ScoreDifference): string {
  return `row ${row + 1}, ${column}: expected ${expected}, got ${got}`;
}
