import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BlockDecoder } from '../../src/domain/codecs.js';
import type { DecodePlan, FeatureType, MissingPolicy } from '../../src/domain/columns.js';
import { makeDecoder } from '../../src/postgres/decoder.js';
import { Kernel } from '../../src/postgres/kernel.js';
import { keyTypeOf } from '../../src/postgres/types.js';

const NUMBERS: readonly FeatureType[] = ['float32', 'float64', 'int32', 'int64'];

/** What feeds which features, by type OID. */
const COLUMNS: readonly { oid: number; feeds: readonly FeatureType[]; values: fc.Arbitrary<Buffer> }[] = [
  { oid: 16, feeds: [...NUMBERS, 'bool'], values: fc.constantFrom(Buffer.of(0), Buffer.of(1)) },
  { oid: 21, feeds: [...NUMBERS, 'string'], values: fc.oneof(few(2), integers(2)) },
  { oid: 23, feeds: [...NUMBERS, 'string'], values: fc.oneof(few(4), integers(4)) },
  { oid: 20, feeds: [...NUMBERS, 'string'], values: fc.oneof(few(8), integers(8)) },
  { oid: 700, feeds: NUMBERS, values: doubles().map((value) => float(value, 4)) },
  { oid: 701, feeds: NUMBERS, values: doubles().map((value) => float(value, 8)) },
  { oid: 1700, feeds: NUMBERS, values: numerics() },
  { oid: 25, feeds: ['string'], values: texts() },
  { oid: 1042, feeds: ['string'], values: texts() },
  { oid: 2950, feeds: ['string'], values: few(16) },
  { oid: 1082, feeds: [], values: few(4) },
  { oid: 1184, feeds: [], values: few(8) },
  { oid: 114, feeds: [], values: texts() },
];
const TYPES = COLUMNS.map(({ oid }) => oid);
const NAMES = TYPES.map((oid) => `c${oid}`);

function integers(size: number): fc.Arbitrary<Buffer> {
  const bits = BigInt(size * 8 - 1);
  const borders = [0n, 1n, 2n ** 24n + 1n, 2n ** 31n, 2n ** 31n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** bits];
  const values = fc.oneof(
    fc.bigInt({ min: -(2n ** bits), max: 2n ** bits - 1n }),
    fc.constantFrom(...borders, ...borders.map((border) => -border)),
  );
  return values.map((value) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(BigInt.asIntN(64, value));
    return bytes.subarray(8 - size);
  });
}

/** Values that come again. */
function few(size: number): fc.Arbitrary<Buffer> {
  return fc.constantFrom(0, 1, 7, 65, 255).map((last) => Buffer.alloc(size, last));
}

function doubles(): fc.Arbitrary<number> {
  return fc.oneof(
    fc.double(),
    fc.float(),
    fc.integer(),
    fc.constantFrom(NaN, Infinity, -Infinity, -0, 0.5, 1e300, 1e-320, 2 ** 24 + 1, 2 ** 31, -(2 ** 31) - 1),
    fc.constantFrom(2 ** 53, 2 ** 53 - 1, -(2 ** 53), 2 ** 63, -(2 ** 63), 3.4028235677973366e38),
  );
}

function float(value: number, size: 4 | 8): Buffer {
  const bytes = Buffer.alloc(size);
  if (size === 4) bytes.writeFloatBE(value);
  else bytes.writeDoubleBE(value);
  return bytes;
}

/** Well formed for the most part; now and then with a sign, a scale, a count or digits that no server would send. */
function numerics(): fc.Arbitrary<Buffer> {
  const digit = fc.oneof(fc.integer({ min: 0, max: 9999 }), fc.constantFrom(0, 1, 5000, 9999));
  const rarely = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>): fc.Arbitrary<T> =>
    fc.oneof({ weight: 30, arbitrary: usual }, { weight: 1, arbitrary: odd });
  return fc
    .record({
      digits: fc.oneof(
        fc.array(digit, { maxLength: 6 }),
        fc.constantFrom(
          [9007, 1992, 5474, 991],
          [9007, 1992, 5474, 992],
          [9007, 1992, 5474, 993],
          [1677, 7217],
        ),
        fc.constantFrom([21, 4748, 3648], [922, 3372, 368, 5477, 5808], [65535], [-1, 4], [0, 0, 0, 0, 5]),
      ),
      weight: rarely(fc.integer({ min: -5, max: 6 }), fc.integer({ min: -90, max: 90 })),
      sign: rarely(fc.constantFrom(0, 0x4000), fc.constantFrom(0xc000, 0xd000, 0xf000, 0x1234, 0x8000)),
      extra: rarely(fc.constant(0), fc.integer({ min: -30, max: 30 })),
      more: rarely(fc.constant(0), fc.constantFrom(-1, 1)),
    })
    .map(({ digits, weight, sign, extra, more }) => {
      const scale = Math.max(0, 4 * (digits.length - 1 - weight) + extra);
      const shorts = [digits.length + more, weight, sign, scale, ...digits];
      return Buffer.from(shorts.flatMap((short) => [(short >> 8) & 255, short & 255]));
    });
}

function texts(): fc.Arbitrary<Buffer> {
  const lengths = [7, 8, 9, 63, 64, 65, 300].map((length) => 'x'.repeat(length));
  return fc
    .oneof(
      fc.constantFrom('', 'a', 'a ', 'b', 'NA', 'other', ...lengths),
      fc.string({ unit: fc.constantFrom('a', 'b', ' ', 'é', '漢', '"'), maxLength: 12 }),
    )
    .map((text) => Buffer.from(text));
}

function missing(type: FeatureType): fc.Arbitrary<MissingPolicy> {
  const tokens = type === 'string' ? fc.subarray(['NA', 'a', '', '65']) : fc.constant([]);
  const fill = type === 'string' ? fc.constantFrom('a', 'other') : fc.constantFrom(0, 1);
  const policies: fc.Arbitrary<MissingPolicy>[] = [
    tokens.map((all) => ({ then: 'reject', tokens: all })),
    fc.tuple(fill, tokens).map(([value, all]) => ({ then: 'fill', value, tokens: all })),
  ];
  if (type.startsWith('float')) policies.push(fc.constant({ then: 'nan', tokens: [] }));
  return fc.oneof(...policies);
}

/** Some of all that columns can feed, each an input of its own, or those of a type side by side; up to three keys. */
const plans: fc.Arbitrary<DecodePlan> = fc
  .record({
    features: fc.subarray(
      COLUMNS.flatMap(({ feeds }, sourceIndex) => feeds.map((type) => ({ sourceIndex, type }))),
    ),
    keys: fc.shuffledSubarray(
      TYPES.flatMap((oid, index) => (keyTypeOf(oid) === undefined ? [] : [index])),
      { maxLength: 3 },
    ),
    matrix: fc.boolean(),
  })
  .chain(({ features, keys, matrix }) =>
    fc.tuple(...features.map(({ type }) => missing(type))).map((policies): DecodePlan => {
      const types = matrix
        ? [...new Set(features.map(({ type }) => type))]
        : features.map(({ type }) => type);
      const widths = types.map(() => 0);
      return {
        columns: NAMES,
        keys: keys.map((index) => ({
          column: NAMES[index]!,
          sourceIndex: index,
          type: keyTypeOf(TYPES[index]!)!,
        })),
        features: features.map(({ sourceIndex, type }, index) => {
          const input = matrix ? types.indexOf(type) : index;
          const offset = widths[input]!++;
          return { column: NAMES[sourceIndex]!, sourceIndex, type, missing: policies[index]!, input, offset };
        }),
        inputs: types.map((type, input) => ({ name: `x${input}`, type, width: widths[input]! })),
      };
    }),
  );

function tuple(fields: readonly (Buffer | null)[]): Buffer {
  const parts = fields.map((field) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(field?.length ?? -1);
    return field === null ? length : Buffer.concat([length, field]);
  });
  return Buffer.concat([Buffer.of(fields.length >> 8, fields.length & 255), ...parts]);
}

/** A column whose fields are of its type, apart from NULLs and, hardly ever, those of another length. */
function fields(values: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer | null> {
  return fc.oneof(
    { weight: 150, arbitrary: values },
    { weight: 10, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes)) },
  );
}

const tuples = fc
  .array(fc.tuple(...COLUMNS.map(({ values }) => fields(values))), { maxLength: 12 })
  .map((rows) => Buffer.concat(rows.map(tuple)));

const blocks = fc.oneof(
  { weight: 12, arbitrary: tuples },
  // Cut short, or with a byte that is another one.
  {
    weight: 1,
    arbitrary: fc.tuple(tuples, fc.nat()).map(([bytes, at]) => bytes.subarray(0, at % (bytes.length + 1))),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(tuples, fc.nat(), fc.nat(255)).map(([bytes, at, byte]) => {
      if (bytes.length > 0) bytes[at % bytes.length] = byte;
      return bytes;
    }),
  },
);

/** All that a decoder says of a block, to compare; numbers by their bits. */
function decode(decoder: BlockDecoder, bytes: Buffer): unknown {
  try {
    const block = decoder.decode({ sequence: 0, bytes: new Uint8Array(bytes) });
    return {
      ...block,
      tensors: block.tensors.map((tensor): unknown[] => [...tensor]),
      keys: block.keys.map(({ type, offsets, bytes }) => [
        type,
        [...offsets],
        Buffer.from(bytes).toString('hex'),
      ]),
    };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return `${error.name} ${error.message}`;
  }
}

function specOf(types: readonly number[]): { kind: 'postgres'; types: readonly number[] } {
  return { kind: 'postgres', types };
}

describe('the compiled loops', () => {
  it('decode every block as the loops in TypeScript do, one after another', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(plans, fc.array(blocks, { minLength: 1, maxLength: 4 }), (plan, all) => {
        const compiled = makeDecoder(specOf(TYPES), plan, Kernel.open());
        const reference = makeDecoder(specOf(TYPES), plan, undefined);
        for (const bytes of all) expect(decode(compiled, bytes)).toEqual(decode(reference, bytes));
      }),
      { numRuns: 600 },
    );
  });

  it('know texts again past the room that their table has', () => {
    const plan: DecodePlan = {
      columns: ['x'],
      keys: [],
      features: [
        {
          column: 'x',
          sourceIndex: 0,
          type: 'string',
          missing: { then: 'reject', tokens: [] },
          input: 0,
          offset: 0,
        },
      ],
      inputs: [{ name: 'x', type: 'string', width: 1 }],
    };
    const compiled = makeDecoder(specOf([25]), plan, Kernel.open());
    for (let block = 0; block < 3; block++) {
      // 6,000 different ones of up to 40 bytes are too many for either limit.
      const values = Array.from(
        { length: 9000 },
        (_, row) => `${'v'.repeat(row % 32)}${(row * 7 + block) % 6000}`,
      );
      const bytes = new Uint8Array(Buffer.concat(values.map((value) => tuple([Buffer.from(value)]))));
      const { tensors } = compiled.decode({ sequence: block, bytes });
      expect([...tensors[0]!]).toEqual(values);
    }
  });
});
