import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeDecoder } from '../../src/csv/decoder.js';
import { Kernel } from '../../src/csv/kernel.js';
import { type BlockDecoder, BlockError, type CsvDecoderSpec } from '../../src/domain/codecs.js';
import type { DecodePlan, FeatureType, MissingPolicy } from '../../src/domain/columns.js';
import { keyTexts, planOf } from './csv-helpers.js';

const TYPES: readonly FeatureType[] = ['float32', 'float64', 'int64', 'int32', 'bool', 'string', 'string'];
const COLUMNS = ['id', ...TYPES.map((_, index) => `x${index}`)];

function missing(type: FeatureType): fc.Arbitrary<MissingPolicy> {
  const tokens = fc.subarray(['NA', '-999', '1e3', '""', '0.5']);
  const fill = type === 'string' ? fc.constantFrom('a', 'other') : fc.constantFrom(0, 1);
  const action: fc.Arbitrary<MissingPolicy>[] = [
    tokens.map((all) => ({ then: 'reject', tokens: all })),
    fc.tuple(fill, tokens).map(([value, all]) => ({ then: 'fill', value, tokens: all })),
  ];
  if (type.startsWith('float')) action.push(tokens.map((all) => ({ then: 'nan', tokens: all })));
  return fc.oneof(...action);
}

/** Every feature its own input, or those of one type side by side in one matrix. */
const plans: fc.Arbitrary<DecodePlan> = fc
  .tuple(fc.tuple(...TYPES.map(missing)), fc.boolean())
  .map(([policies, matrix]) => {
    const features = TYPES.map((type, index) => ({ column: `x${index}`, type, missing: policies[index]! }));
    const plan = planOf(COLUMNS, ['id'], features);
    if (!matrix) return plan;
    const last = TYPES.length - 1;
    return {
      ...plan,
      features: plan.features.map((slot, index) =>
        index === last ? { ...slot, input: last - 1, offset: 1 } : slot,
      ),
      inputs: plan.inputs
        .slice(0, last)
        .map((input, index) => (index === last - 1 ? { ...input, width: 2 } : input)),
    };
  });

const digits = fc.stringMatching(/^[0-9]{1,20}$/);
const numbers = fc.oneof(
  fc.integer().map(String),
  fc.double().map(String),
  fc.float().map(String),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String),
  fc.constantFrom(
    '16777217',
    '9007199254740993',
    '9007199254740991e2',
    '1e22',
    '1e23',
    '1e400',
    '-0',
    '5.',
    '.5',
    '+7',
  ),
  fc.constantFrom(
    '2147483648',
    '-2147483648',
    '0000000000000000000001',
    '1e-400',
    'inf',
    '-Infinity',
    ' 7',
    '7 ',
    '1_0',
  ),
  fc.stringMatching(/^[0-9.\-+e /:]{1,10}$/),
  fc.stringMatching(/^-?[0-9]{0,8}\.?[0-9]{0,8}$/),
  fc.tuple(digits, digits, fc.integer({ min: -30, max: 30 })).map(([a, b, e]) => `${a}.${b}e${e}`),
);
const texts = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'b',
    'NA',
    '-999',
    'yes',
    '0',
    '1',
    'x'.repeat(63),
    'x'.repeat(64),
    'x'.repeat(65),
  ),
  fc.string({
    unit: fc.constantFrom('a', 'b', '7', '"', ',', ';', '\n', '\r', '\0', 'é', '漢', '😀'),
    maxLength: 12,
  }),
);
const fields = fc.oneof({ weight: 3, arbitrary: numbers }, { weight: 2, arbitrary: texts });

function write(field: string, always: boolean): string {
  return always || /[",\n\r]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** Mostly whole records; now and then a soup of bytes that mean something. */
const blocks = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .array(
        fc.tuple(
          fc.array(fields, { minLength: COLUMNS.length, maxLength: COLUMNS.length }),
          fc.boolean(),
          fc.constantFrom('\n', '\n', '\r\n', '\n\n', '\n\r\n'),
        ),
        { maxLength: 12 },
      )
      .map((records) =>
        records
          .map(([all, quoted, end]) => all.map((field) => write(field, quoted)).join(',') + end)
          .join(''),
      ),
  },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.constantFrom('a', '1', ',', '"', '\n', '\r\n', '""', '\0'), { maxLength: 60 })
      .map((all) => all.join('')),
  },
);
const spec: CsvDecoderSpec = { kind: 'csv', delimiter: ',', quote: '"' };

/** All that a decoder says of a block, to compare. */
function decode(decoder: BlockDecoder, text: string): unknown {
  try {
    const block = decoder.decode({ sequence: 0, bytes: new Uint8Array(Buffer.from(text)) });
    return {
      ...block,
      tensors: block.tensors.map((tensor): unknown[] => [...tensor]),
      keys: block.keys.map(keyTexts),
    };
  } catch (error) {
    if (!(error instanceof BlockError)) throw error;
    return { code: error.code, line: error.line, problem: error.problem };
  }
}

describe('the compiled loops', () => {
  it('decode every block as the loops in TypeScript do, one after another', () => {
    fc.assert(
      fc.property(plans, fc.array(blocks, { minLength: 1, maxLength: 4 }), (plan, texts) => {
        const compiled = makeDecoder(spec, plan, Kernel.open(34));
        const reference = makeDecoder(spec, plan, undefined);
        for (const text of texts) expect(decode(compiled, text)).toEqual(decode(reference, text));
      }),
      { numRuns: 1500 },
    );
  });

  it('decode texts as the loops in TypeScript do when there are too many to know again', () => {
    const first = Array.from({ length: 4200 }, (_, row) => `k${row},${row},${row}\n`).join('');
    const rows = fc.array(fc.tuple(texts, texts, fc.boolean()), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(missing('string'), missing('string'), fc.boolean(), rows, (one, other, matrix, all) => {
        const features = [
          { column: 'a', type: 'string', missing: one },
          { column: 'b', type: 'string', missing: other },
        ] as const;
        const apart = planOf(['id', 'a', 'b'], ['id'], features);
        const plan: DecodePlan = !matrix
          ? apart
          : {
              ...apart,
              features: apart.features.map((slot, offset) => ({ ...slot, input: 0, offset })),
              inputs: [{ name: 'both', type: 'string', width: 2 }],
            };
        const compiled = makeDecoder(spec, plan, Kernel.open(34));
        const reference = makeDecoder(spec, plan, undefined);
        const block = all.map(([a, b, quoted]) => `k,${write(a, quoted)},${write(b, quoted)}\n`).join('');
        for (const text of [first, block]) {
          expect(decode(compiled, text)).toEqual(decode(reference, text));
        }
      }),
      {
        numRuns: 100,
        examples: [
          [
            { then: 'fill', value: 'a', tokens: ['NA'] },
            { then: 'fill', value: 'other', tokens: ['-999'] },
            true,
            [
              ['', '', false],
              ['NA', '-999', true],
            ],
          ],
        ],
      },
    );
  });

  it('know texts again past the room that their table has', () => {
    const plan = planOf(['id', 'x'], ['id'], [{ column: 'x', type: 'string' }]);
    const compiled = makeDecoder(spec, plan, Kernel.open(34));
    for (let block = 0; block < 3; block++) {
      // 6,000 different ones of up to 40 bytes are too many for either limit.
      const values = Array.from(
        { length: 9000 },
        (_, row) => `${'v'.repeat(row % 32)}${(row * 7 + block) % 6000}`,
      );
      const { tensors } = compiled.decode({
        sequence: block,
        bytes: new Uint8Array(Buffer.from(values.map((value, row) => `k${row},${value}\n`).join(''))),
      });
      expect([...tensors[0]!]).toEqual(values);
    }
  });

  it('are those of their source', { timeout: 120_000 }, async () => {
    const root = path.resolve(import.meta.dirname, '../..');
    await promisify(execFile)(process.execPath, ['src/kernel/compile.js', '--check'], { cwd: root });
  });
});
