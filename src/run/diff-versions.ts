import { isDeepStrictEqual } from 'node:util';
import type { GateVersion } from '../domain/gate.js';
import { readGolden } from '../domain/golden.js';
import type { ModelOutput } from '../domain/model.js';
import type { Artefact, Manifest } from '../domain/registry.js';
import { type GoldenDifference, goldenDifference } from './golden-difference.js';
import { inputText } from './input-places.js';
import type { Services } from './services.js';

/** One thing that two versions say differently; null where one does not say it. */
export interface ManifestDifference {
  readonly what: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** How two versions of a model differ. Field names are the JSON's. */
export interface VersionDifference {
  readonly model: string;
  readonly from: GateVersion;
  readonly to: GateVersion;
  readonly same_model: boolean;
  readonly signature: readonly ManifestDifference[];
  readonly manifest: readonly ManifestDifference[];
  /** Both versions' scores for the golden rows of each version that has some. */
  readonly scores: readonly GoldenDifference[];
}

/**
 * Compares two versions: what they take and give, what their manifests say, and what both predict for golden rows.
 *
 * @throws PredawnError kind `artefact` where a model does not load or can't score the rows
 */
export async function diffVersions(
  from: Artefact,
  to: Artefact,
  services: Pick<Services, 'codecs'>,
): Promise<VersionDifference> {
  const scores: GoldenDifference[] = [];
  for (const owner of sameRows(from, to) ? [to] : [to, from]) {
    if (owner.golden !== undefined) scores.push(await goldenDifference(owner, from, to, services));
  }
  return {
    model: to.manifest.name,
    from: { version: from.manifest.version, digest: from.digest },
    to: { version: to.manifest.version, digest: to.digest },
    same_model: from.digest === to.digest,
    signature: differences(signatureFacts(from.manifest), signatureFacts(to.manifest)),
    manifest: differences(manifestFacts(from.manifest), manifestFacts(to.manifest)),
    scores,
  };
}

/** The same rows need to be scored once, whatever is expected of them. */
function sameRows(from: Artefact, to: Artefact): boolean {
  if (from === to) return true;
  const [one, other] = [from, to].map(({ golden, manifest: { signature } }) => {
    if (golden === undefined) return undefined;
    const { keys, inputs } = readGolden(golden, signature, 'golden.json');
    return { keys, inputs, names: signature.inputs.map(({ name }) => name) };
  });
  return one !== undefined && isDeepStrictEqual(one, other);
}

type Facts = ReadonlyMap<string, string>;

function differences(from: Facts, to: Facts): ManifestDifference[] {
  const names = new Set([...from.keys(), ...to.keys()]);
  return [...names]
    .map((what) => ({ what, from: from.get(what) ?? null, to: to.get(what) ?? null }))
    .filter((difference) => difference.from !== difference.to);
}

function signatureFacts({ signature }: Manifest): Facts {
  const { inputs, outputs, fixedBatch } = signature;
  return new Map([
    ...inputs.map((input) => [`input ${input.name}`, inputText(input)] as const),
    ...outputs.map((output) => [`output ${output.name}`, outputText(output)] as const),
    ['order of inputs', inputs.map(({ name }) => name).join(', ')],
    ...(fixedBatch === undefined ? [] : [['fixed batch', String(fixedBatch)] as const]),
  ]);
}

function outputText({ role, type, width, classes }: ModelOutput): string {
  return `${role} ${type}, ${classes === undefined ? `${width} a row` : classes.join(', ')}`;
}

function manifestFacts(manifest: Manifest): Facts {
  const { files, opsets, producer, runtime, changes, golden, training, note } = manifest;
  const optional = [
    ['note', note],
    ['golden rows', golden && String(golden.rows)],
    ['tolerance', golden && `relative ${golden.tolerance.relative}, absolute ${golden.tolerance.absolute}`],
    ['expected outputs', golden && (golden.expectedFrom === 'given' ? 'given' : 'of the runtime')],
    ['changes when added', changes.length > 0 ? changes.map(({ what }) => what).join(', ') : undefined],
  ] as const;
  return new Map([
    ...Object.entries(files).map(
      ([name, { sha256, bytes }]) => [name, `${bytes} bytes, sha256:${sha256.slice(0, 12)}…`] as const,
    ),
    ...Object.entries(opsets).map(
      ([domain, opset]) => [`opset ${domain || 'ai.onnx'}`, String(opset)] as const,
    ),
    ['producer', producer],
    ['runtime', runtime],
    ...optional.flatMap(([what, value]) => (value === undefined ? [] : [[what, value] as const])),
    ...Object.entries(training ?? {}).map(([key, value]) => [`training ${key}`, plainText(value)] as const),
  ]);
}

function plainText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
