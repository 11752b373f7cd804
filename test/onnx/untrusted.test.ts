import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from 'vitest';
import type { ModelSignature } from '../../src/domain/model.js';
import { prepareCandidate } from '../../src/onnx/inspect.js';
import { openModel } from '../../src/onnx/model.js';
import { buildModel, buildSingle, type ModelSpec, type ValueSpec } from '../helpers/onnx-builder.js';

/** Models that somebody made to do harm: what `model add` reads, and what a run or an import opens without it. */
const addition = {
  addedAt: '2026-01-01T00:00:00.000Z',
  addedBy: 'test',
  note: undefined,
  training: undefined,
};
const value = (name: string, element: ValueSpec['element'] = 'float32'): ValueSpec => ({
  name,
  element,
  shape: ['N'],
});
const SHAPES: Pick<ModelSpec, 'inputs' | 'outputs'> = { inputs: [value('in')], outputs: [value('out')] };
const signature: ModelSignature = {
  inputs: [{ name: 'in', type: 'float32', shape: [null] }],
  outputs: [{ name: 'out', role: 'value', type: 'float4', width: 1, classes: undefined }],
  fixedBatch: undefined,
};

/** A TensorProto whose values are said to lie elsewhere. */
function external(location: string, dataLocation = 1n): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int64(1).tag(2, WireType.Varint).int32(1);
  writer.tag(8, WireType.LengthDelimited).string('weights');
  writer.tag(13, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).string('location');
  writer.tag(2, WireType.LengthDelimited).string(location).join();
  return writer.tag(14, WireType.Varint).int64(dataLocation).finish();
}

const wrapped = (number: number, payload: Uint8Array) =>
  new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(payload).finish();
const joined = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

/** The bytes of a model whose graph is followed by more of it: as the wire format has it, both are one. */
const withGraph = (part: Uint8Array) => joined(buildModel({ ...SHAPES, nodes: [add] }), wrapped(7, part));
const add = { operator: 'Add', inputs: ['in', 'weights'], outputs: ['out'] };
const node = (attribute: Uint8Array) =>
  joined(wrapped(4, Buffer.from('Constant')), wrapped(2, Buffer.from('weights')), wrapped(5, attribute));

/** Everywhere that a tensor can be in a model. */
const PLACES: readonly (readonly [string, (tensor: Uint8Array) => Uint8Array])[] = [
  ['an initializer', (tensor) => withGraph(wrapped(5, tensor))],
  ['the values of a sparse initializer', (tensor) => withGraph(wrapped(15, wrapped(1, tensor)))],
  ['the indices of a sparse initializer', (tensor) => withGraph(wrapped(15, wrapped(2, tensor)))],
  ['an attribute', (tensor) => withGraph(wrapped(1, node(wrapped(5, tensor))))],
  ['a list of tensors in an attribute', (tensor) => withGraph(wrapped(1, node(wrapped(10, tensor))))],
  ['a sparse attribute', (tensor) => withGraph(wrapped(1, node(wrapped(22, wrapped(1, tensor)))))],
  ['a list of sparse tensors', (tensor) => withGraph(wrapped(1, node(wrapped(23, wrapped(2, tensor)))))],
  ['a subgraph', (tensor) => withGraph(wrapped(1, node(wrapped(6, wrapped(5, tensor)))))],
  ['one of several subgraphs', (tensor) => withGraph(wrapped(1, node(wrapped(11, wrapped(5, tensor)))))],
  ['a function', (tensor) => withFunction(wrapped(7, node(wrapped(5, tensor))))],
  ['a default of a function', (tensor) => withFunction(wrapped(11, wrapped(5, tensor)))],
];
const withFunction = (part: Uint8Array) => joined(buildModel({ ...SHAPES, nodes: [add] }), wrapped(25, part));

const LOCATIONS = [
  'weights.bin',
  '/etc/passwd',
  '../../../etc/passwd',
  'link-to-elsewhere',
  '*/_ORT_MEM_ADDR_/*',
];
const refused = { kind: 'artefact', code: 'model.external_data' };

describe('values in another file', () => {
  it.each(PLACES)('of %s are refused, when a model is added and when it is opened', async (_, place) => {
    for (const location of LOCATIONS) {
      const model = place(external(location));
      await expect(prepareCandidate(model, addition)).rejects.toMatchObject(refused);
      await expect(openModel(model, signature)).rejects.toMatchObject(refused);
    }
  });

  it('are so by a number that only protobuf takes for the same', async () => {
    for (const dataLocation of [0x1_0000_0001n, 2n ** 63n - 2n ** 32n + 1n, -(2n ** 32n) + 1n, 2n]) {
      const model = withGraph(wrapped(5, external('/etc/passwd', dataLocation)));
      await expect(openModel(model, signature)).rejects.toMatchObject(refused);
    }
  });

  it('are not what a tensor says that keeps its values', async () => {
    const name = 'location';
    const plain = buildSingle('Identity', value('in'), value('out'));
    const model = await openModel(joined(plain, wrapped(3, Buffer.from(name))), signature);
    await model.close();
  });
});

describe('graphs that no exporter writes', () => {
  const broken = { kind: 'artefact', code: 'model.load' };
  const identity = (from: string, to: string) => ({ operator: 'Identity', inputs: [from], outputs: [to] });

  it('that run in circles end', async () => {
    const classifier = {
      operator: 'LinearClassifier',
      domain: 'ai.onnx.ml',
      inputs: ['in'],
      outputs: ['label', 'out'],
      attributes: { classlabels_strings: ['a', 'b'], coefficients: [1, -1], intercepts: [0, 0] },
    };
    const encoder = {
      operator: 'OneHotEncoder',
      domain: 'ai.onnx.ml',
      inputs: ['b'],
      outputs: ['e'],
      attributes: { cats_strings: ['a', 'b'] },
    };
    const texts = { inputs: [value('in', 'string')], outputs: [value('out')] };
    for (const model of [
      buildModel({
        ...{ inputs: SHAPES.inputs, outputs: [value('label', 'string'), value('out')] },
        nodes: [classifier, identity('label', 'b'), identity('b', 'label')],
      }),
      buildModel({ ...texts, nodes: [identity('in', 'b'), identity('b', 'in'), encoder] }),
      buildModel({ ...SHAPES, nodes: [identity('b', 'out'), identity('out', 'b')] }),
    ]) {
      await expect(openModel(model, signature)).rejects.toMatchObject(broken);
      await expect(prepareCandidate(model, addition)).rejects.toMatchObject(broken);
    }
  });

  it('that are nested thousands deep are refused', async () => {
    let graph: Uint8Array = new Uint8Array();
    for (let depth = 0; depth < 3000; depth++) graph = wrapped(1, wrapped(5, wrapped(6, graph)));
    const model = joined(withGraph(graph), wrapped(3, Buffer.from('location')));
    await expect(openModel(model, signature)).rejects.toMatchObject(broken);
    await expect(prepareCandidate(model, addition)).rejects.toMatchObject(broken);
  });

  it('that are no protobuf messages are refused where they are opened, too', async () => {
    for (const bytes of [new Uint8Array(), Buffer.from('no model'), new Uint8Array(100).fill(0xff)])
      await expect(openModel(new Uint8Array(bytes), signature)).rejects.toMatchObject(broken);
  });
});
