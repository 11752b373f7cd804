import { execFile } from 'node:child_process';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, digestOf, exists, trainingFile } from './cache.js';
import { MODELS, type ModelName } from './options.js';
import { REPOSITORY } from './repository.js';

const execute = promisify(execFile);
const CANDIDATES = [process.env['PREDAWN_BENCH_PYTHON'], 'python3', '/usr/bin/python3'];
const VERSIONS =
  'import platform, pandas, sklearn, psycopg2;' +
  'print(f"Python {platform.python_version()}, pandas {pandas.__version__}, scikit-learn {sklearn.__version__},' +
  ' psycopg2 {psycopg2.__version__.split()[0]}")';

/** A Python with the libraries of the peers. PYTHONPATH is taken as it is. */
export interface Python {
  readonly program: string;
  /** For the report. */
  readonly versions: string;
}

/** The models a benchmark can use: `onnx` for predawn and, where a Python made them, `joblib` for its peers. */
export interface BenchModel {
  readonly onnx: string;
  readonly joblib: string | undefined;
}

export type BenchModels = Partial<Record<ModelName, BenchModel>>;

/** The first Python with pandas, scikit-learn and psycopg2; where there is none, undefined, and said so on stderr. */
export async function findPython(): Promise<Python | undefined> {
  for (const program of CANDIDATES) {
    if (program === undefined) continue;
    const found = await execute(program, ['-c', VERSIONS]).catch(() => undefined);
    if (found !== undefined) return { program, versions: found.stdout.trim() };
  }
  console.error(
    'Skipped: the peers and the tree models. No Python here has pandas, scikit-learn and psycopg2 (bench/README.md).',
  );
  return undefined;
}

/** Trains and exports the models, once. Without a Python that can: the sample's linear model alone. */
export async function findModels(python: Python | undefined): Promise<BenchModels> {
  const sampleOnly = {
    linear: { onnx: path.join(REPOSITORY, 'data-samples/churn/model.onnx'), joblib: undefined },
  };
  if (python === undefined) return sampleOnly;
  const scripts = ['../bench/peers/train.py', 'train.py', 'generate.ts', 'customer.ts', 'random.ts'];
  const folder = path.join(await cacheFolder(), `models-${await digestOf(scripts)}`);
  if (!(await exists(folder))) {
    try {
      await train(python, folder);
    } catch (error) {
      const why = String((error as { stderr?: unknown }).stderr ?? error).trim();
      console.error(
        `Skipped: the peers and the tree models. They could not be trained (bench/README.md): ${why}`,
      );
      return sampleOnly;
    }
  }
  return Object.fromEntries(
    MODELS.map((name) => [
      name,
      { onnx: path.join(folder, `${name}.onnx`), joblib: path.join(folder, `${name}.joblib`) },
    ]),
  );
}

async function train({ program }: Python, folder: string): Promise<void> {
  console.error('Training the models, once …');
  const unfinished = `${folder}.${process.pid}.tmp`;
  await mkdir(unfinished, { recursive: true });
  await execute(program, [
    path.join(REPOSITORY, 'bench/peers/train.py'),
    '--training',
    await trainingFile(),
    '--output',
    unfinished,
  ]);
  await rename(unfinished, folder);
}
