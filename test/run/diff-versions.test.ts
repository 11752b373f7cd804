import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FeatureData } from '../../src/domain/columns.js';
import { goldenBytes } from '../../src/domain/golden.js';
import type { Artefact, Manifest } from '../../src/domain/registry.js';
import { renderDifference } from '../../src/cli/render-difference.js';
import { diffVersions } from '../../src/run/diff-versions.js';
import type { Services } from '../../src/run/services.js';
import { wireServices } from '../../src/wiring.js';
import { buildLogistic, buildRegression } from '../helpers/linear-models.js';

let services: Services;
beforeAll(async () => {
  services = await wireServices({ cwd: '.', now: () => new Date() });
});
afterAll(() => undefined);

const VALUES = [-2, -0.25, 0.5, 3];
const KEYS = ['r1', 'r2', 'r3', 'r4'];

/** A version whose golden rows are VALUES in every input. */
async function version(
  number: number,
  bytes: Uint8Array,
  more: Partial<Manifest> = {},
  values: readonly number[] | undefined = VALUES,
): Promise<Artefact> {
  const { model, manifest } = await services.prepareCandidate(bytes, {
    ...{ addedAt: '2026-11-21T06:00:00Z', addedBy: 'ada', note: undefined, training: undefined },
  });
  const { signature } = manifest;
  const shared = new Uint8Array(new SharedArrayBuffer(model.length));
  shared.set(model);
  const opened = await services.codecs.openModel(shared, signature);
  const inputs: FeatureData[] = signature.inputs.map(() => Float32Array.from(values));
  const expected = await opened.score(inputs, values.length);
  await opened.close();
  const rows = { rows: values.length, keys: KEYS.slice(0, values.length), inputs, expected };
  return {
    model: shared,
    digest: `sha256:${number}`,
    golden: goldenBytes(rows, signature),
    manifest: {
      ...{ name: 'leads', version: number, ...manifest },
      files: { 'model.onnx': { sha256: String(number).repeat(64), bytes: model.length } },
      golden: {
        rows: values.length,
        tolerance: { relative: 1e-5, absolute: 1e-6 },
        expectedFrom: 'given',
      },
      ...more,
    },
  };
}

describe('the difference of two versions', () => {
  it('is none between a version and itself', async () => {
    const one = await version(3, buildLogistic({ a: 1 }));
    const difference = await diffVersions(one, one, services);
    expect(difference).toMatchObject({ same_model: true, signature: [], manifest: [] });
    expect(difference.scores).toEqual([
      {
        ...{ rows_of: 3, rows: 4, not_compared: null, farthest: [] },
        columns: [
          { column: 'label', changed: 0, largest: null, median: null },
          { column: 'probability_no', changed: 0, largest: 0, median: 0 },
          { column: 'probability_yes', changed: 0, largest: 0, median: 0 },
        ],
      },
    ]);
  });

  it('has scores for golden rows, the farthest first, and changed labels', async () => {
    const from = await version(3, buildRegression({ a: 2 }));
    const to = await version(4, buildRegression({ a: 3 }, 0.5));
    const { scores } = await diffVersions(from, to, services);
    // 2a and 3a + 0.5 are |a + 0.5| apart: 1.5, 0.25, 1 and 3.5.
    expect(scores).toEqual([
      {
        ...{ rows_of: 4, rows: 4, not_compared: null },
        columns: [{ column: 'variable', changed: 4, largest: 3.5, median: 1.25 }],
        farthest: [
          { row: 4, key: 'r4', column: 'variable', from: 6, to: 9.5 },
          { row: 1, key: 'r1', column: 'variable', from: -4, to: -5.5 },
          { row: 3, key: 'r3', column: 'variable', from: 1, to: 2 },
          { row: 2, key: 'r2', column: 'variable', from: -0.5, to: -0.25 },
        ],
      },
    ]);

    const [labels] = (
      await diffVersions(
        await version(3, buildLogistic({ a: 1 })),
        await version(4, buildLogistic({ a: 1 }, -1)),
        services,
      )
    ).scores;
    expect(labels!.columns[0]).toEqual({ column: 'label', changed: 1, largest: null, median: null });
  });

  it('looks at the golden rows of both, where they are others', async () => {
    const from = await version(3, buildRegression({ a: 2 }), {}, [7]);
    const to = await version(4, buildRegression({ a: 3 }));
    const { scores } = await diffVersions(from, to, services);
    expect(scores.map(({ rows_of, rows }) => [rows_of, rows])).toEqual([
      [4, 4],
      [3, 1],
    ]);
    expect(scores[1]!.farthest).toEqual([{ row: 1, key: 'r1', column: 'variable', from: 14, to: 21 }]);
  });

  it('says what one takes that the other does not, and compares on the rows that do for both', async () => {
    const from = await version(3, buildRegression({ a: 2 }));
    const to = await version(4, buildRegression({ b: 1, a: 3 }));
    const difference = await diffVersions(from, to, services);
    expect(difference.signature).toEqual(
      [
        { what: 'order of inputs', from: 'a', to: 'b, a' },
        { what: 'input b', from: null, to: 'float32 [N, 1]' },
      ].sort((x, y) => (x.what < y.what ? 1 : -1)),
    );
    expect(difference.scores).toEqual([
      expect.objectContaining({ rows_of: 4, not_compared: null }) as never,
      {
        ...{ rows_of: 3, rows: 4, columns: [], farthest: [] },
        not_compared: 'leads@4 takes b (float32 [N, 1]), which these rows do not have',
      },
    ]);
  });

  it('is of manifests, too, training metadata key by key', async () => {
    const bytes = buildRegression({ a: 2 });
    const from = await version(3, bytes, {
      training: { data: 'October', rows: 10 },
      producer: 'skl2onnx 1.14',
    });
    const to = await version(4, bytes, { training: { data: 'November', auc: 0.8, rows: 10 }, note: 'new' });
    const { manifest } = await diffVersions(from, to, services);
    expect(manifest).toEqual(
      expect.arrayContaining([
        { what: 'producer', from: 'skl2onnx 1.14', to: 'onnx-builder 1.0' },
        { what: 'training data', from: 'October', to: 'November' },
        { what: 'training auc', from: null, to: '0.8' },
        { what: 'note', from: null, to: 'new' },
      ]),
    );
    expect(manifest.map(({ what }) => what)).not.toContain('training rows');
  });

  it('is readable, with golden rows and without', async () => {
    const from = await version(3, buildRegression({ a: 2 }));
    const to = await version(4, buildRegression({ a: 3 }, 0.5));
    const text = renderDifference(await diffVersions(from, to, services), false);
    expect(text).toContain('Both take and give the same.');
    expect(text).toMatch(/variable +4 of 4 +3\.5 +1\.25/);
    expect(text).toMatch(/row 4 +r4 +variable +6 +9\.5/);
    const bare = { golden: undefined, manifest: { ...from.manifest, golden: undefined } };
    const without = await diffVersions({ ...from, ...bare }, { ...to, ...bare }, services);
    expect(renderDifference(without, false)).toContain('Neither has golden rows');
  });
});
