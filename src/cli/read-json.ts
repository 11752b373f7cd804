import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describeError, PredawnError } from '../domain/errors.js';
import type { JsonObject } from '../domain/registry.js';

/** A file that a person named, which must hold a JSON object. @throws PredawnError kind `usage` where it does not */
export async function readJsonObject(file: string, cwd: string): Promise<JsonObject> {
  try {
    const found: unknown = JSON.parse(await readFile(path.resolve(cwd, file), 'utf8'));
    if (typeof found === 'object' && found !== null && !Array.isArray(found)) return found as JsonObject;
    throw new Error('it is no object');
  } catch (cause) {
    throw new PredawnError('usage', 'json.file', `${file} can't be read as JSON: ${describeError(cause)}`, {
      hint: 'Give a file with one JSON object, such as {"rows": 200000, "auc": 0.91}.',
      cause,
    });
  }
}
