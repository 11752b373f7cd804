import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { codecs } from '../../../src/block-wiring.js';
import { CodedTexts } from '../../../src/domain/coded-texts.js';
import type { DecodePlan, MissingPolicy, OutputColumn } from '../../../src/domain/columns.js';
import type { ModelSignature } from '../../../src/domain/model.js';
import { keyPositions } from '../../../src/domain/sticky-share.js';
import { prepareCandidate } from '../../../src/onnx/inspect.js';
import { openBlockScorer, type ScoringPlan } from '../../../src/run/block-scorer.js';
import { joinPlans } from '../../../src/run/gate/joined-plan.js';
import type { CandidateBlock, CandidatePlan } from '../../../src/run/rollout/candidate-plan.js';
import { mergeOutputs } from '../../../src/run/rollout/merge-outputs.js';
import { buildLogistic } from '../../helpers/linear-models.js';

interface Prepared {
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly signature: ModelSignature;
}
let live: Prepared;
let candidate: Prepared;

beforeAll(async () => {
  // The candidate takes `b` as well, and a row without it is not for the candidate.
  [live, candidate] = await Promise.all([prepare({ a: 1 }), prepare({ a: -1, b: 1 })]);
});

async function prepare(weights: Record<string, number>): Promise<Prepared> {
  const facts = { addedAt: '', addedBy: '', note: undefined, training: undefined };
  const { model, manifest } = await prepareCandidate(buildLogistic(weights), facts);
  const bytes = new Uint8Array(new SharedArrayBuffer(model.length));
  bytes.set(model);
  return { bytes, signature: manifest.signature };
}

const COLUMNS = ['id', 'a', 'b'];
const OUTPUTS: OutputColumn[] = [column('score', 'float4', 1, 1), column('answer', 'text', 0, 0)];

function column(name: string, type: OutputColumn['type'], output: number, element: number): OutputColumn {
  return { name, type, output, element, description: '', probability: false };
}

function plan(...features: string[]): DecodePlan {
  const missing: MissingPolicy = { then: 'reject', tokens: [] };
  return {
    columns: COLUMNS,
    keys: [{ column: 'id', sourceIndex: 0, type: 'text' }],
    features: features.map((name, input) => ({
      ...{ column: name, sourceIndex: COLUMNS.indexOf(name), type: 'float32', missing, input, offset: 0 },
    })),
    inputs: features.map((name) => ({ name, type: 'float32', width: 1 })),
  };
}

const ENCODER = {
  ...{ kind: 'csv' as const, keyNames: ['id'], asOf: '2026-11-21', artefact: 'm@1', attemptId: 'x' },
  scoredAt: '2026-11-22T00:00:00.000Z',
} as const;

async function score(lines: readonly string[], asked: Partial<CandidatePlan> & { limit?: number } = {}) {
  const { limit, ...more } = asked;
  const decode = plan('a');
  const beside: CandidatePlan = {
    ...{ mode: 'canary', name: 'm', share: 0.5, signature: candidate.signature, model: candidate.bytes },
    ...{ outputs: OUTPUTS, live: { signature: live.signature, outputs: OUTPUTS } },
    joined: joinPlans(decode, plan('a', 'b')),
    shadow: undefined,
    ...more,
  };
  const whole: ScoringPlan = {
    ...{ decoder: { kind: 'csv', delimiter: ',', quote: '"' }, decode, limit, hashKeys: false },
    ...{ signature: live.signature, model: live.bytes, outputs: OUTPUTS },
    encoder: { ...ENCODER, artefacts: beside.mode === 'canary' ? ['m@1', 'm@2'] : undefined },
    candidate: beside,
  };
  const scorer = await openBlockScorer(whole, codecs);
  try {
    const bytes = new Uint8Array(Buffer.from(`${lines.join('\n')}\n`));
    const block = await scorer.score({ sequence: 0, bytes });
    return { block, beside: block.candidate!, rows: parse(block.payload) };
  } finally {
    await scorer.close();
  }
}

const parse = (payload: Uint8Array) =>
  Buffer.from(payload)
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(',').slice(0, 4));

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

describe('a canary', () => {
  it('scores the rows of its share that it can take; all others are the live version’s', async () => {
    const positions = keyPositions('m');
    const cell = fc.option(fc.integer({ min: -3, max: 3 }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 40 }),
        fc.constantFrom(0.2, 0.7, 1),
        async (cells, share) => {
          const lines = cells.map(([a, b], row) => `k${row},${a ?? ''},${b ?? ''}`);
          const { rows, beside, block } = await score(lines, { share });
          const expected = cells.flatMap(([a, b], row) => {
            if (a === undefined) return [];
            const inShare = position(positions, `k${row}`) < share;
            const own = inShare && b !== undefined;
            return [{ id: `k${row}`, x: own ? -a + b : a, artefact: own ? 'm@2' : 'm@1', inShare, own }];
          });
          expect(block.rows).toBe(expected.length);
          if (expected.length > 0) {
            expect(rows.map(([id, , , artefact]) => [id, artefact])).toEqual(
              expected.map(({ id, artefact }) => [id, artefact]),
            );
            for (const [at, { x }] of expected.entries()) {
              expect(Number(rows[at]![1])).toBeCloseTo(sigmoid(x), 5);
              if (x !== 0) expect(rows[at]![2]).toBe(x > 0 ? 'yes' : 'no');
            }
          }
          const { read, rows: scored, rejects } = beside as CandidateBlock;
          expect([read, scored]).toEqual([
            expected.filter(({ inShare }) => inShare).length,
            expected.filter(({ own }) => own).length,
          ]);
          expect(rejects.map(({ line }) => line)).toEqual(
            cells.flatMap(([a, b], row) =>
              a !== undefined && b === undefined && position(positions, `k${row}`) < share ? [row + 1] : [],
            ),
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  it('compares what both give for the same row', async () => {
    const { beside } = await score(['x,1,3', 'y,-2,0', 'z,,1', 'w,2,'], { share: 1 });
    const { scores, changedLabels, rejects } = beside as CandidateBlock;
    expect([...scores[0]!].map((each) => each.toFixed(4))).toEqual([2, 2].map((x) => sigmoid(x).toFixed(4)));
    expect([...scores[1]!].map((each) => each.toFixed(4))).toEqual([1, -2].map((x) => sigmoid(x).toFixed(4)));
    expect(changedLabels).toBe(1);
    expect(rejects).toMatchObject([{ line: 4, column: 'b', code: 'missing' }]);
  });

  it('has no part in rows beyond a limit', async () => {
    const { beside, rows } = await score(['x,1,3', 'y,1,', 'z,1,3'], { share: 1, limit: 2 });
    expect(rows.map(([id, , , artefact]) => [id, artefact])).toEqual([
      ['x', 'm@2'],
      ['y', 'm@1'],
    ]);
    expect(beside).toMatchObject({ read: 2, rows: 1 });
  });
});

it('gives a shadow’s rows apart, and leaves the block as it is', async () => {
  const shadow = { encoder: { ...ENCODER, artefact: 'm@2' }, hashKeys: true };
  const { beside, rows } = await score(['x,1,3', 'y,1,'], { mode: 'shadow', share: 1, shadow });
  expect(rows.map(([id, , , artefact]) => [id, artefact])).toEqual([
    ['x', 'm@1'],
    ['y', 'm@1'],
  ]);
  const { shadow: encoded } = beside as CandidateBlock;
  expect(parse(encoded!.payload).map(([id, , answer, artefact]) => [id, answer, artefact])).toEqual([
    ['x', 'yes', 'm@2'],
  ]);
  expect(encoded!.keyHashes).toHaveLength(1);
});

it('says why a candidate can’t be opened, and scores without it', async () => {
  const broken = new Uint8Array(new SharedArrayBuffer(8));
  const { beside, rows } = await score(['x,1,3'], { model: broken });
  expect(beside).toMatchObject({ problem: { message: expect.any(String) as string } });
  expect(rows).toMatchObject([['x', expect.any(String), 'yes', 'm@1']]);
});

it('merges columns that lie beside others, and texts of two dictionaries', () => {
  const [label] = [OUTPUTS[1]!];
  const values = (data: CodedTexts, offset: number, stride: number) => [
    { column: label, data, offset, stride },
  ];
  const own = values(CodedTexts.from(['-', 'no', '-', 'yes', '-', 'no']), 1, 2);
  const theirs = values(CodedTexts.from(['yes', 'perhaps']), 0, 1);
  const { outputs, scoredBy } = mergeOutputs(own, theirs, [0, 2], 3);
  expect([...(outputs[0]!.data as CodedTexts)]).toEqual(['yes', 'yes', 'perhaps']);
  expect([...scoredBy]).toEqual([1, 0, 1]);
});

function position(positions: ReturnType<typeof keyPositions>, key: string): number {
  const bytes = Buffer.from(key);
  return positions.of([{ type: 'text', offsets: Int32Array.of(0, bytes.length), bytes }], 0);
}
