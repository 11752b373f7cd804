import { describe, expect, it } from 'vitest';
import type { FeatureData } from '../../src/domain/columns.js';
import type { Model, ModelSignature } from '../../src/domain/model.js';
import { prepareCandidate } from '../../src/onnx/inspect.js';
import { openModel } from '../../src/onnx/model.js';
import {
  readReference,
  referenceMeta,
  referenceModels,
  referenceRows,
  referenceTensors,
  sliceRows,
} from '../helpers/onnx-reference.js';

const addition = {
  addedAt: '2026-01-01T00:00:00.000Z',
  addedBy: 'test',
  note: undefined,
  training: undefined,
};
const models = referenceModels();
const good = models.filter((name) => referenceMeta(name).measured.create_error === undefined);
const bad = models.filter((name) => !good.includes(name));
const PUBLISHED: Readonly<Record<string, string>> = {
  string: 'text',
  int64: 'int8',
  float32: 'float4',
  float64: 'float8',
};

/** Scores `size` rows at a time. */
async function scoreIn(
  model: Model,
  tensors: FeatureData[],
  rows: number,
  size: number,
): Promise<unknown[][]> {
  const parts = model.signature.outputs.map((): unknown[] => []);
  for (let from = 0; from < rows; from += size) {
    const to = Math.min(rows, from + size);
    const outputs = await model.score(sliceRows(tensors, rows, from, to), to - from);
    for (const [index, output] of outputs.entries()) for (const one of output) parts[index]!.push(one);
  }
  return parts;
}

function expectSignature(signature: ModelSignature, name: string): void {
  const meta = referenceMeta(name);
  expect(signature.inputs).toEqual(
    meta.inputs.map(({ name: input, type, shape }) => ({ name: input, type, shape })),
  );
  expect(signature.fixedBatch ?? null).toBe(meta.inputs[0]!.shape[0]);
  expect(signature.outputs).toHaveLength(meta.outputs.length);
  for (const [index, declared] of meta.outputs.entries()) {
    if (declared.kind !== 'tensor') continue;
    expect(signature.outputs[index]).toMatchObject({ name: declared.name, type: PUBLISHED[declared.type!] });
  }
  if (meta.classes === null) {
    expect(signature.outputs).toMatchObject([{ role: 'value', width: 1 }]);
    return;
  }
  const classes = meta.classes.map(String);
  expect(signature.outputs).toMatchObject([
    { role: 'label', width: 1 },
    { role: 'probabilities', width: classes.length, classes },
  ]);
}

describe.skipIf(models.length === 0)('models exported by skl2onnx', () => {
  it.each(good)(
    '%s: signature, scores, and the same bits in every batch',
    { timeout: 120_000 },
    async (name) => {
      const candidate = await prepareCandidate(readReference(name, 'model.onnx'), addition);
      const { signature } = candidate.manifest;
      expectSignature(signature, name);

      const meta = referenceMeta(name);
      const rows = referenceRows(name, 'input.csv');
      const tensors = referenceTensors(meta, rows);
      const model = await openModel(candidate.model, signature);
      const whole = await scoreIn(model, tensors, rows.length, rows.length);

      const values = whole.at(-1) as number[];
      const { width } = signature.outputs.at(-1)!;
      for (const [row, record] of referenceRows(name, 'ort_reference.csv').entries()) {
        const [key, ...columns] = Object.values(record);
        expect(key).toBe(rows[row]![meta.csv.id_column]);
        const label = signature.outputs[0]!.role === 'label' ? columns.shift() : undefined;
        if (label !== undefined) expect(String(whole[0]![row])).toBe(label);
        for (const [k, text] of columns.entries()) {
          const expected = Number(text);
          const difference = Math.abs(values[row * width + k]! - expected);
          expect(difference, `row ${row}, value ${k}`).toBeLessThanOrEqual(
            1e-6 * Math.max(1, Math.abs(expected)),
          );
        }
      }

      const sizes = [1, 2, 3, 7, 512];
      // A large forest takes a minute row by row; the first rows show the same.
      const checked = candidate.model.byteLength > 1_000_000 ? 600 : rows.length;
      for (const size of sizes) {
        const some = await scoreIn(model, sliceRows(tensors, rows.length, 0, checked), checked, size);
        for (const [index, output] of signature.outputs.entries()) {
          const same = [...whole[index]!].slice(0, checked * output.width);
          expect(some[index], `${output.name} in blocks of ${size}`).toEqual(same);
        }
      }
      await model.close();
    },
  );

  it.each(bad)("%s: refused with onnxruntime's reason", async (name) => {
    const reason = referenceMeta(name).measured.create_error!.replace(/^.*? failed:/, '');
    await expect(prepareCandidate(readReference(name, 'model.onnx'), addition)).rejects.toMatchObject({
      kind: 'artefact',
      code: 'model.load',
      message: expect.stringContaining(reason) as string,
    });
  });
});
