import { CodedTexts } from '../../src/domain/coded-texts.js';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { FeatureData } from '../../src/domain/columns.js';

/** What `meta.json` of a reference model says, as far as tests read it. */
export interface ReferenceMeta {
  readonly name: string;
  readonly csv: {
    readonly delimiter: string;
    readonly rows: number;
    readonly id_column: string;
    readonly missing_tokens: Readonly<Record<string, readonly string[]>>;
  };
  readonly inputs: readonly {
    readonly name: string;
    readonly type: string;
    readonly shape: readonly (number | null)[];
    readonly columns: readonly string[];
  }[];
  readonly outputs: readonly { readonly name: string; readonly kind: string; readonly type?: string }[];
  readonly classes: readonly (string | number)[] | null;
  readonly measured: { readonly create_error?: string };
}

/** A folder of reference models: `PREDAWN_TEST_MODELS`, undefined where it is not set. */
export const referenceFolder = process.env.PREDAWN_TEST_MODELS;

/** Names of the reference models; none without a folder. */
export function referenceModels(): string[] {
  if (referenceFolder === undefined) return [];
  const folder = referenceFolder;
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'meta.json')))
    .sort();
}

export function referenceMeta(model: string): ReferenceMeta {
  return JSON.parse(readReference(model, 'meta.json').toString()) as ReferenceMeta;
}

export function readReference(model: string, file: string): Buffer {
  return readFileSync(join(referenceFolder!, model, file));
}

/** Records of one of a model's CSV files, as csv-parse reads them. */
export function referenceRows(model: string, file: string): Record<string, string>[] {
  const { delimiter } = referenceMeta(model).csv;
  return parse(readReference(model, file), { columns: true, delimiter, bom: true });
}

/** The tensors of `rows`, in the order of meta.json's inputs; missing tokens are NaN in float inputs. */
export function referenceTensors(
  meta: ReferenceMeta,
  rows: readonly Record<string, string>[],
): FeatureData[] {
  return meta.inputs.map(({ type, columns }) => {
    const cells = rows.flatMap((row) =>
      columns.map((column) => {
        const text = row[column]!;
        const missing = type !== 'string' && (meta.csv.missing_tokens[column] ?? []).includes(text);
        return missing ? 'NaN' : text;
      }),
    );
    if (type === 'string') return CodedTexts.from(cells);
    if (type === 'int64') return BigInt64Array.from(cells, BigInt);
    return type === 'float64' ? Float64Array.from(cells, Number) : Float32Array.from(cells, Number);
  });
}

/** The values of rows `from` to `to` of tensors that hold `rows` rows. */
export function sliceRows(
  tensors: readonly FeatureData[],
  rows: number,
  from: number,
  to: number,
): FeatureData[] {
  return tensors.map((data) => {
    const width = data.length / rows;
    return data.subarray(from * width, to * width);
  });
}
