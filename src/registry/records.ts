import { readFile } from 'node:fs/promises';
import { describeError } from '../domain/errors.js';
import type { AliasMove, Manifest } from '../domain/registry.js';
import { damaged } from '../domain/registry-errors.js';
import { parseManifest, parseMove, parseRolloutMove } from '../domain/registry-records.js';
import type { RolloutMove } from '../domain/rollout.js';

/** Reads a manifest; throws kind `artefact`, code `registry.damaged`, for one that is not as predawn wrote it. */
export async function readManifest(path: string): Promise<Manifest> {
  return parseManifest(await readBytes(path), path);
}

/** Reads a move; throws kind `artefact`, code `registry.damaged`, for one that is not as predawn wrote it. */
export async function readMove(path: string): Promise<AliasMove> {
  return parseMove(await readBytes(path), path);
}

/** Reads a move of a rollout; throws kind `artefact`, code `registry.damaged`, for one that is not as predawn wrote it. */
export async function readRolloutMove(path: string): Promise<RolloutMove> {
  return parseRolloutMove(await readBytes(path), path);
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (thrown) {
    throw damaged(path, describeError(thrown), thrown);
  }
}
