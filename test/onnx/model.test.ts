import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodedTexts } from '../../src/domain/coded-texts.js';
import type { FeatureData, FeatureType, OutputData } from '../../src/domain/columns.js';
import type { Model, ModelSignature } from '../../src/domain/model.js';
import { halfToNumber, outputData } from '../../src/onnx/element-types.js';
import { prepareCandidate } from '../../src/onnx/inspect.js';
import { openModel } from '../../src/onnx/model.js';
import { openSession } from '../../src/onnx/runtime.js';
import {
  buildHalfTensor,
  buildModel,
  buildSingle,
  buildTensor,
  type Dimension,
  type Element,
  ELEMENT,
  type ValueSpec,
} from '../helpers/onnx-builder.js';

const addition = {
  addedAt: '2026-01-01T00:00:00.000Z',
  addedBy: 'test',
  note: undefined,
  training: undefined,
};

function value(name: string, element: Element, shape: readonly Dimension[]): ValueSpec {
  return { name, element, shape };
}

async function withModel<T>(bytes: Uint8Array, work: (model: Model) => Promise<T>): Promise<T> {
  const candidate = await prepareCandidate(bytes, addition);
  const model = await openModel(candidate.model, candidate.manifest.signature);
  try {
    return await work(model);
  } finally {
    await model.close();
  }
}

/** The one output of a model for `rows` rows of its one input. */
async function scoreOne(bytes: Uint8Array, data: FeatureData, rows: number): Promise<OutputData> {
  return withModel(bytes, async (model) => (await model.score([data], rows))[0]!);
}

const SAMPLES: Record<FeatureType, (length: number) => FeatureData> = {
  float32: (length) => Float32Array.from({ length }, (_, i) => [NaN, -0, Infinity, 1e-40][i] ?? i / 3),
  float64: (length) => Float64Array.from({ length }, (_, i) => [NaN, -0, -Infinity, 5e-324][i] ?? i / 3),
  int64: (length) => BigInt64Array.from({ length }, (_, i) => [2n ** 63n - 1n, -(2n ** 63n)][i] ?? BigInt(i)),
  int32: (length) => Int32Array.from({ length }, (_, i) => [2 ** 31 - 1, -(2 ** 31)][i] ?? i),
  bool: (length) => Uint8Array.from({ length }, (_, i) => i % 2),
  string: (length) =>
    CodedTexts.from(Array.from({ length }, (_, i) => ['', 'né, "x"\n', '\u{1f600}'][i] ?? `s${i}`)),
};

describe('score', () => {
  it.each(Object.keys(SAMPLES) as FeatureType[])(
    'carries %s through unchanged, whatever the rows',
    async (type) => {
      for (const shape of [['N'], ['N', 1], ['N', 3], [5, 3]] as const) {
        const identity = buildSingle('Identity', value('in', type, shape), value('out', type, shape));
        await withModel(identity, async (model) => {
          for (const rows of [0, 1, 2, 5, 15, 16, 17, 4096, 5000]) {
            const data = SAMPLES[type](rows * (shape[1] ?? 1));
            expect(await model.score([data], rows)).toEqual([data]);
          }
        });
      }
    },
  );

  it.each([
    ['float16', new Float32Array([-2, 0, 100])],
    ['float64', new Float64Array([-2, 0, 100])],
    ['int8', new Int32Array([-2, 0, 100])],
    ['int16', new Int32Array([-2, 0, 100])],
    ['int32', new Int32Array([-2, 0, 100])],
    ['int64', new BigInt64Array([-2n, 0n, 100n])],
    ['bool', new Uint8Array([1, 0, 1])],
    ['string', CodedTexts.from(['-2', '0', '100'])],
  ] as const)('converts %s outputs', async (element, expected) => {
    const model = buildSingle('Cast', value('in', 'int32', ['N']), value('out', element, ['N']), {
      to: BigInt(ELEMENT[element]),
    });
    expect(await scoreOne(model, new Int32Array([-2, 0, 100]), 3)).toEqual(expected);
  });

  it.each([
    ['uint8', 255n, new Int32Array([255])],
    ['uint16', 65535n, new Int32Array([65535])],
    ['uint32', 4294967295n, new BigInt64Array([4294967295n])],
    ['uint64', 2n ** 63n - 1n, new BigInt64Array([2n ** 63n - 1n])],
  ] as const)('converts the largest %s', async (element, largest, expected) => {
    const model = buildSingle('Cast', value('in', 'int64', ['N']), value('out', element, ['N']), {
      to: BigInt(ELEMENT[element]),
    });
    expect(await scoreOne(model, new BigInt64Array([largest]), 1)).toEqual(expected);
  });

  it('throws rather than wrap an unsigned integer above 2^63 - 1', async () => {
    const model = buildSingle('Cast', value('in', 'int64', ['N']), value('out', 'uint64', ['N']), {
      to: 13n,
    });
    await expect(scoreOne(model, new BigInt64Array([5n, -1n]), 2)).rejects.toMatchObject({
      kind: 'data',
      code: 'model.output_range',
    });
  });

  it('takes inputs of different types and shapes side by side', async () => {
    const model = buildModel({
      inputs: [value('a', 'float32', ['N']), value('b', 'float32', ['N', 2]), value('c', 'int64', ['N', 1])],
      outputs: [value('sum', 'float32', ['N', 2]), value('kept', 'int64', ['N', 1])],
      nodes: [
        { operator: 'Unsqueeze', inputs: ['a', 'axis'], outputs: ['column'] },
        { operator: 'Add', inputs: ['column', 'b'], outputs: ['sum'] },
        { operator: 'Identity', inputs: ['c'], outputs: ['kept'] },
      ],
      initializers: [buildTensor('axis', [1], [1n])],
    });
    const inputs = [
      new Float32Array([1, 2]),
      new Float32Array([10, 20, 30, 40]),
      new BigInt64Array([7n, 8n]),
    ];
    expect(await withModel(model, (opened) => opened.score(inputs, 2))).toEqual([
      new Float32Array([11, 21, 32, 42]),
      new BigInt64Array([7n, 8n]),
    ]);
  });

  it('gives a row the same bits in every batch', async () => {
    const rows = 200;
    const weights = (name: string, height: number, width: number) =>
      buildTensor(
        name,
        [height, width],
        Array.from({ length: height * width }, (_, i) => Math.sin(i * 7 + height) / 3),
      );
    const network = buildModel({
      inputs: [value('x', 'float32', ['N', 9])],
      outputs: [value('y', 'float32', ['N', 3])],
      nodes: [
        { operator: 'MatMul', inputs: ['x', 'w1'], outputs: ['h1'] },
        { operator: 'Sigmoid', inputs: ['h1'], outputs: ['h2'] },
        { operator: 'MatMul', inputs: ['h2', 'w2'], outputs: ['h3'] },
        { operator: 'Softplus', inputs: ['h3'], outputs: ['h4'] },
        { operator: 'MatMul', inputs: ['h4', 'w3'], outputs: ['h5'] },
        { operator: 'Tanh', inputs: ['h5'], outputs: ['y'] },
      ],
      initializers: [weights('w1', 9, 37), weights('w2', 37, 37), weights('w3', 37, 3)],
    });
    const data = Float32Array.from({ length: rows * 9 }, (_, i) => Math.cos(i * 3));
    await withModel(network, async (model) => {
      const whole = (await model.score([data], rows))[0] as Float32Array;
      const span = fc.tuple(fc.nat(rows - 1), fc.integer({ min: 1, max: rows }));
      await fc.assert(
        fc.asyncProperty(span, async ([from, count]) => {
          const to = Math.min(rows, from + count);
          const [part] = await model.score([data.slice(from * 9, to * 9)], to - from);
          expect(part).toEqual(whole.slice(from * 3, to * 3));
        }),
        { numRuns: 200 },
      );
    });
  });
});

describe('what score and openModel refuse', () => {
  const double = buildSingle('Identity', value('in', 'float32', ['N', 2]), value('out', 'float32', ['N', 2]));

  async function signature(): Promise<ModelSignature> {
    return (await prepareCandidate(double, addition)).manifest.signature;
  }

  it('a width other than the signature says', async () => {
    const good = await signature();
    const model = await openModel(double, { ...good, outputs: [{ ...good.outputs[0]!, width: 1 }] });
    await expect(model.score([new Float32Array(4)], 2)).rejects.toMatchObject({
      kind: 'artefact',
      code: 'model.output_shape',
    });
    await model.close();
  });

  it('other inputs or outputs than the signature says', async () => {
    const good = await signature();
    const otherInput = { ...good, inputs: [{ ...good.inputs[0]!, type: 'float64' as const }] };
    const otherOutput = { ...good, outputs: [{ ...good.outputs[0]!, name: 'gone' }] };
    for (const other of [otherInput, otherOutput]) {
      await expect(openModel(double, other)).rejects.toMatchObject({
        kind: 'artefact',
        code: 'model.signature',
      });
    }
  });

  it('tensors of another length than the rows need', async () => {
    const model = await openModel(double, await signature());
    await expect(model.score([new Float32Array(3)], 2)).rejects.toMatchObject({ kind: 'internal' });
    await model.close();
  });

  it("rows that onnxruntime can't score, with its reason", async () => {
    const gather = buildModel({
      inputs: [value('in', 'int64', ['N'])],
      outputs: [value('out', 'float32', ['N'])],
      nodes: [{ operator: 'Gather', inputs: ['table', 'in'], outputs: ['out'] }],
      initializers: [buildTensor('table', [2], [1, 2])],
    });
    await expect(scoreOne(gather, new BigInt64Array([0n, 9n]), 2)).rejects.toMatchObject({
      kind: 'artefact',
      code: 'model.run',
      message: expect.stringContaining('Gather node failed') as string,
    });
  });
});

describe('openModel', () => {
  it('opens a model in shared memory', async () => {
    const bytes = buildSingle('Identity', value('in', 'float32', ['N']), value('out', 'float32', ['N']));
    const { signature } = (await prepareCandidate(bytes, addition)).manifest;
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    const model = await openModel(shared, signature);
    expect(await model.score([new Float32Array([1.5])], 1)).toEqual([new Float32Array([1.5])]);
    await model.close();
  });
});

describe('outputData', () => {
  it('reads all 65,536 half-precision bit patterns as onnxruntime does', async () => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const session = await openSession(
      buildModel({
        inputs: [],
        outputs: [value('halves', 'float16', [65536]), value('singles', 'float32', [65536])],
        nodes: [
          { operator: 'Identity', inputs: ['all'], outputs: ['halves'] },
          { operator: 'Cast', inputs: ['all'], outputs: ['singles'], attributes: { to: 1n } },
        ],
        initializers: [buildHalfTensor('all', bits)],
      }),
    );
    const { halves, singles } = await session.run({});
    expect(outputData(halves!, 'halves')).toEqual(singles!.data);
    // The path of a Node that has a Float16Array is another: hold the conversion itself to it in both.
    expect(Float32Array.from(bits, halfToNumber)).toEqual(singles!.data);
    await session.release();
  });
});
