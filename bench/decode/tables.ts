import { parse } from 'csv-parse/sync';
import { customerCsvChunks, SAMPLE_SEED } from '../../data-samples/generate.js';
import type { DecodePlan, FeatureSlot, FeatureType } from '../../src/domain/columns.js';

/** A file to decode, and what its columns become. */
export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  /** `undefined` is the key. */
  readonly types: readonly (FeatureType | undefined)[];
  /** What pandas is told: numbers by the type that it parses fastest. */
  readonly pandasTypes: Readonly<Record<string, 'str' | 'int64' | 'float64'>>;
  /** Whole lines, the header among the first. */
  readonly chunks: () => Iterable<string>;
}

/** How pandas is told of missing values, and we are. */
export const MISSING_TOKEN = ' ';

const TEXT_COLUMNS = new Set(
  'customer_name city region plan contract payment_method signup_date has_fibre has_tv paperless'.split(' '),
);
const INTEGER_COLUMNS = new Set(
  'senior dependents tenure_months roaming_days support_calls late_payments device_age_months'.split(' '),
);

/** The customers of the samples: 11 columns of text, 13 of numbers, some of them empty. */
export function customerTable(rows: number): Table {
  const chunks = () => customerCsvChunks({ asOf: '2026-11-21', rows, seed: SAMPLE_SEED });
  const [first = ''] = chunks();
  const columns = first.slice(0, first.indexOf('\n')).split(',');
  return {
    name: 'customers',
    columns,
    types: columns.map((name, index) =>
      index === 0 ? undefined : TEXT_COLUMNS.has(name) ? 'string' : 'float32',
    ),
    pandasTypes: Object.fromEntries(
      columns.map((name, index) => [
        name,
        index === 0 || TEXT_COLUMNS.has(name) ? 'str' : INTEGER_COLUMNS.has(name) ? 'int64' : 'float64',
      ]),
    ),
    chunks,
  };
}

/** A key and 23 numbers: eight integers, eight prices, seven measurements of up to six decimals. */
export function numberTable(rows: number): Table {
  const columns = ['id', ...Array.from({ length: 23 }, (_, index) => `x${index}`)];
  return {
    name: 'numbers',
    columns,
    types: columns.map((_, index) => (index === 0 ? undefined : 'float32')),
    pandasTypes: Object.fromEntries(
      columns.map((name, index) => [name, index === 0 ? 'str' : index <= 8 ? 'int64' : 'float64']),
    ),
    *chunks() {
      yield `${columns.join(',')}\n`;
      let state = 7;
      const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
      for (let row = 0; row < rows; row++) {
        const fields = columns.map((_, index) => {
          if (index === 0) return `C-${row + 1_000_000}`;
          if (index <= 8) return String(Math.floor(random() * 10 ** (1 + (index % 6))));
          if (index <= 16) return (random() * 10 ** (1 + (index % 4))).toFixed(2);
          return String(Number(((random() - 0.5) * 100).toFixed(6)));
        });
        yield `${fields.join(',')}\n`;
      }
    },
  };
}

export function quoteEveryField(text: string): string {
  const records: string[][] = parse(text);
  return records
    .map((fields) => fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(',') + '\n')
    .join('');
}

export function planOf({ columns, types }: Table): DecodePlan {
  const features = types.flatMap((type, sourceIndex): Omit<FeatureSlot, 'input' | 'offset'>[] =>
    type === undefined
      ? []
      : [
          {
            column: columns[sourceIndex]!,
            sourceIndex,
            type,
            missing:
              type === 'string'
                ? { then: 'fill', value: '', tokens: [] }
                : { then: 'nan', tokens: [MISSING_TOKEN] },
          },
        ],
  );
  return {
    columns,
    keys: [{ column: columns[0]!, sourceIndex: 0, type: 'text' }],
    features: features.map((feature, input) => ({ ...feature, input, offset: 0 })),
    inputs: features.map(({ column, type }) => ({ name: column, type, width: 1 })),
  };
}
