import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockError } from '../../src/domain/codecs.js';
import type { Block } from '../../src/domain/columns.js';
import type { ScoredBlock } from '../../src/run/block-scorer.js';
import { scoreInOrder } from '../../src/run/pipeline.js';
import { readAhead } from '../../src/run/read-ahead.js';
import type { ScorerPool } from '../../src/run/scorer-pool.js';

function block(sequence: number): Block {
  return { sequence, bytes: new Uint8Array(1) };
}

async function* blocks(count: number): AsyncGenerator<Block> {
  for (let sequence = 0; sequence < count; sequence++) yield block(sequence);
}

function scored(sequence: number, change: Partial<ScoredBlock> = {}): ScoredBlock {
  return {
    sequence,
    bytes: 1,
    payload: new Uint8Array(),
    read: 1,
    rows: 1,
    lines: 2,
    rejects: [],
    inexactIntegers: 0,
    faults: [],
    keyHashes: undefined,
    ...change,
  };
}

/** A pool whose blocks finish in the order that `delays` says, and that knows how many are in flight. */
function unorderedPool(depth: number, delays: readonly number[], answer = (b: Block) => scored(b.sequence)) {
  const seen = { inFlight: 0, most: 0 };
  const pool: ScorerPool = {
    depth,
    async score(b) {
      seen.most = Math.max(seen.most, ++seen.inFlight);
      for (let turn = delays[b.sequence % delays.length] ?? 0; turn > 0; turn--) await Promise.resolve();
      seen.inFlight--;
      return answer(b);
    },
    close: () => Promise.resolve(),
  };
  return { pool, seen };
}

const input = { location: 'day.csv', linesBefore: 1 };

describe('scoreInOrder', () => {
  it('yields in input order with at most depth blocks in flight, whatever finishes first', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(30),
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.nat(20), { minLength: 1, maxLength: 10 }),
        async (count, depth, delays) => {
          const { pool, seen } = unorderedPool(depth, delays);
          const order: number[] = [];
          for await (const placed of scoreInOrder(blocks(count), pool, input))
            order.push(placed.block.sequence);
          expect(order).toEqual(Array.from({ length: count }, (_, sequence) => sequence));
          expect(seen.most).toBeLessThanOrEqual(depth);
          expect(seen.inFlight).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('turns block-relative lines into the lines of the file', async () => {
    const reject = { line: 2, column: 'a', code: 'missing', raw: '' } as const;
    const { pool } = unorderedPool(2, [3, 0], (b) => scored(b.sequence, { lines: 10, rejects: [reject] }));
    const lines: number[] = [];
    for await (const { rejects } of scoreInOrder(blocks(3), pool, input))
      lines.push(...rejects.map(({ line }) => line));
    expect(lines).toEqual([3, 13, 23]);
  });

  it('places a structural fault in the file, after the blocks before it', async () => {
    const { pool } = unorderedPool(4, [5, 0], (b) => {
      if (b.sequence === 2)
        throw new BlockError('data', 'csv.quote', 3, 'a quote in an unquoted field.', 'Quote it.');
      return scored(b.sequence, { lines: 10 });
    });
    const seen: number[] = [];
    const reading = (async () => {
      for await (const placed of scoreInOrder(blocks(5), pool, input)) seen.push(placed.block.sequence);
    })();
    await expect(reading).rejects.toMatchObject({
      kind: 'data',
      code: 'csv.quote',
      message: 'day.csv, line 24: a quote in an unquoted field.',
      hint: 'Quote it.',
    });
    expect(seen).toEqual([0, 1]);
  });

  it('waits for blocks in hand when the consumer stops early', async () => {
    const { pool, seen } = unorderedPool(4, [9]);
    for await (const placed of scoreInOrder(blocks(20), pool, input)) if (placed.block.sequence === 1) break;
    expect(seen.inFlight).toBe(0);
  });
});

describe('readAhead', () => {
  it('gives every block back once, and knows a small input', async () => {
    for (const count of [0, 1, 2, 3, 9]) {
      const { blocks: again, ended } = await readAhead(blocks(count));
      const order: number[] = [];
      for await (const each of again) order.push(each.sequence);
      expect(order).toEqual(Array.from({ length: count }, (_, sequence) => sequence));
      expect(ended).toBe(count < 2);
    }
  });

  it('closes its source when the consumer stops early', async () => {
    let closed = false;
    async function* source(): AsyncGenerator<Block> {
      try {
        yield* blocks(9);
      } finally {
        closed = true;
      }
    }
    const { blocks: again } = await readAhead(source());
    for await (const each of again) if (each.sequence === 0) break;
    expect(closed).toBe(true);
  });
});
