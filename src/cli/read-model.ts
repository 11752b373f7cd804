import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { PredawnError } from '../domain/errors.js';

/**
 * The bytes of a model file that a person named; `what` it should be, for the hint.
 *
 * @throws PredawnError kind `usage` where it can't be read
 */
export async function readModel(file: string, cwd: string, what = 'an ONNX file'): Promise<Uint8Array> {
  try {
    return await readFile(path.resolve(cwd, file));
  } catch (cause) {
    throw new PredawnError('usage', 'model.file', `${file} can't be read.`, {
      hint: `Give the path of ${what}.`,
      cause,
    });
  }
}
