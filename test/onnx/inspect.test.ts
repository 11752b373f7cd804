import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { PredawnError } from '../../src/domain/errors.js';
import { prepareCandidate } from '../../src/onnx/inspect.js';
import {
  buildClassifier,
  buildExternalTensor,
  buildModel,
  buildSingle,
  buildTensor,
  type Dimension,
  type Element,
  ELEMENT,
  type ValueSpec,
} from '../helpers/onnx-builder.js';

const addition = { addedAt: '2026-01-01T00:00:00.000Z', addedBy: 'test', note: 'first', training: undefined };

function value(name: string, element: Element, shape: readonly Dimension[]): ValueSpec {
  return { name, element, shape };
}

async function signatureOf(model: Uint8Array) {
  return (await prepareCandidate(model, addition)).manifest.signature;
}

async function refusal(model: Uint8Array): Promise<PredawnError> {
  return prepareCandidate(model, addition).then(
    () => expect.unreachable('the model was accepted'),
    (thrown: unknown) => thrown as PredawnError,
  );
}

describe('prepareCandidate', () => {
  it('records what it changed, and all that a manifest says of a model', async () => {
    const model = buildClassifier({
      classes: ['a', 'b'],
      features: 2,
      postTransform: 'SOFTMAX',
      zipMap: true,
    });
    const candidate = await prepareCandidate(model, addition);
    expect(candidate.manifest).toMatchObject({
      opsets: { 'ai.onnx': 17, 'ai.onnx.ml': 3 },
      producer: 'onnx-builder 1.0',
      changes: [{ what: 'removed ZipMap', originalSha256: createHash('sha256').update(model).digest('hex') }],
      ...addition,
    });
    expect(candidate.manifest.runtime).toMatch(/^onnxruntime-node \d+\.\d+/);
    const again = await prepareCandidate(candidate.model, addition);
    expect(again.manifest.changes).toEqual([]);
    expect(again.manifest.signature).toEqual(candidate.manifest.signature);
  });

  it.each(['float32', 'float64', 'int64', 'int32', 'bool', 'string'] as const)(
    'takes %s inputs',
    async (element) => {
      for (const shape of [['N'], ['N', 1], ['N', 5]]) {
        const { inputs } = await signatureOf(
          buildSingle('Identity', value('in', element, shape), value('out', element, shape)),
        );
        expect(inputs).toEqual([{ name: 'in', type: element, shape: [null, ...shape.slice(1)] }]);
      }
    },
  );

  it.each([
    ['float16', 'float4'],
    ['float32', 'float4'],
    ['float64', 'float8'],
    ['int8', 'int4'],
    ['int16', 'int4'],
    ['int32', 'int4'],
    ['uint8', 'int4'],
    ['uint16', 'int4'],
    ['uint32', 'int8'],
    ['int64', 'int8'],
    ['uint64', 'int8'],
    ['bool', 'bool'],
    ['string', 'text'],
  ] as const)('publishes %s outputs as %s', async (element, type) => {
    const cast = { to: BigInt(ELEMENT[element]) };
    const model = buildSingle(
      'Cast',
      value('in', 'float32', ['N', 2]),
      value('out', element, ['N', 2]),
      cast,
    );
    const { outputs } = await signatureOf(model);
    expect(outputs).toEqual([{ name: 'out', role: 'value', type, width: 2, classes: undefined }]);
  });

  it('trusts measured shapes, not declared ones', async () => {
    const model = buildSingle(
      'Identity',
      value('in', 'float32', ['N', 4]),
      value('out', 'float32', ['N', 'K']),
    );
    expect((await signatureOf(model)).outputs[0]!.width).toBe(4);
  });

  it('finds a fixed batch', async () => {
    const model = buildSingle('Identity', value('in', 'float32', [64, 2]), value('out', 'float32', [64, 2]));
    expect(await signatureOf(model)).toMatchObject({
      fixedBatch: 64,
      inputs: [{ shape: [64, 2] }],
      outputs: [{ width: 2 }],
    });
  });

  it('goes by declared shapes where dummy rows cannot be scored', async () => {
    const gather = { operator: 'Gather', inputs: ['table', 'shifted'], outputs: ['out'] };
    const shift = { operator: 'Sub', inputs: ['in', 'hundred'], outputs: ['shifted'] };
    const model = buildModel({
      inputs: [value('in', 'int64', ['N'])],
      outputs: [value('out', 'float32', ['N', 2])],
      nodes: [shift, gather],
      initializers: [buildTensor('table', [2, 2], [1, 2, 3, 4]), buildTensor('hundred', [1], [100n])],
    });
    expect((await signatureOf(model)).outputs).toMatchObject([{ name: 'out', type: 'float4', width: 2 }]);
  });
});

describe('what prepareCandidate refuses', () => {
  it.each([
    { what: 'rank 3', element: 'float32', shape: ['N', 2, 2], says: /Input in has shape \[N, 2, 2\]/ },
    { what: 'rank 0', element: 'float32', shape: [], says: /Input in has shape \[\]/ },
    { what: 'open width', element: 'float32', shape: ['N', 'F'], says: /leaves the number of features open/ },
    { what: 'float16', element: 'float16', shape: ['N', 2], says: /Input in has element type float16/ },
    { what: 'uint8', element: 'uint8', shape: ['N', 2], says: /Input in has element type uint8/ },
  ] as const)('an input of $what', async ({ element, shape, says }) => {
    const error = await refusal(
      buildSingle('Identity', value('in', element, shape), value('out', element, shape)),
    );
    expect(error).toMatchObject({
      kind: 'artefact',
      code: 'model.input',
      message: expect.stringMatching(says) as string,
    });
    expect(error.hint).toBeDefined();
  });

  it('inputs fixed to different numbers of rows', async () => {
    const model = buildModel({
      inputs: [value('a', 'float32', [2, 1]), value('b', 'float32', [3, 1])],
      outputs: [value('out', 'float32', [5, 1])],
      nodes: [{ operator: 'Concat', inputs: ['a', 'b'], outputs: ['out'], attributes: { axis: 0n } }],
    });
    expect(await refusal(model)).toMatchObject({ kind: 'artefact', code: 'model.input' });
  });

  it('an output of rank 3', async () => {
    const model = buildModel({
      inputs: [value('in', 'float32', ['N', 2])],
      outputs: [value('out', 'float32', ['N', 2, 1])],
      nodes: [{ operator: 'Unsqueeze', inputs: ['in', 'axis'], outputs: ['out'] }],
      initializers: [buildTensor('axis', [1], [2n])],
    });
    const error = await refusal(model);
    expect(error).toMatchObject({ kind: 'artefact', code: 'model.output' });
    expect(error.message).toMatch(/Output out has shape \[3, 2, 1\]/);
  });

  it('an output whose first dimension is not the batch, though it may be as long', async () => {
    const model = buildModel({
      inputs: [value('in', 'float32', ['N', 3])],
      outputs: [value('out', 'float32', ['K', 'M'])],
      nodes: [{ operator: 'Transpose', inputs: ['in'], outputs: ['out'] }],
    });
    expect(await refusal(model)).toMatchObject({ kind: 'artefact', code: 'model.output' });
  });

  it('a sequence that is no ZipMap', async () => {
    const model = buildModel({
      inputs: [value('in', 'float32', ['N', 2])],
      outputs: [{ ...value('out', 'float32', ['N', 2]), sequence: true }],
      nodes: [{ operator: 'SequenceConstruct', inputs: ['in'], outputs: ['out'] }],
    });
    const error = await refusal(model);
    expect(error).toMatchObject({ kind: 'artefact', code: 'model.output' });
    expect(error.message).toMatch(/Output out is no tensor/);
  });

  it('tensors in other files, wherever the graph keeps them', async () => {
    const external = buildExternalTensor('weights', [2]);
    const shapes = {
      inputs: [value('in', 'float32', ['N', 2])],
      outputs: [value('out', 'float32', ['N', 2])],
    };
    const add = { operator: 'Add', inputs: ['in', 'weights'], outputs: ['out'] };
    const constant = {
      operator: 'Constant',
      inputs: [],
      outputs: ['weights'],
      attributes: { value: external },
    };
    for (const model of [
      buildModel({ ...shapes, nodes: [add], initializers: [external] }),
      buildModel({ ...shapes, nodes: [constant, add] }),
    ]) {
      const error = await refusal(model);
      expect(error).toMatchObject({ kind: 'artefact', code: 'model.external_data' });
      expect(error.message).toContain('weights');
    }
  });

  it("what onnxruntime can't load, with its reason and no paths", async () => {
    const unknown = buildSingle(
      'NoSuchOperator',
      value('in', 'float32', ['N']),
      value('out', 'float32', ['N']),
    );
    const error = await refusal(unknown);
    expect(error).toMatchObject({ kind: 'artefact', code: 'model.load' });
    expect(error.message).toMatch(/NoSuchOperator/);
    expect(error.message).not.toMatch(/[\\/\n]/);
  });

  it.each([
    ['text', Buffer.from('not a model at all')],
    ['nothing', new Uint8Array()],
    [
      'a model cut short',
      buildClassifier({ classes: ['a', 'b'], features: 2, postTransform: 'NONE', zipMap: true }).subarray(
        0,
        100,
      ),
    ],
  ])('%s', async (_what, bytes) => {
    const error = await refusal(bytes);
    expect(error).toMatchObject({ kind: 'artefact', code: 'model.load' });
    expect(error.hint).toBeDefined();
  });
});
