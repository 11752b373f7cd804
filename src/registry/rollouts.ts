import { join } from 'node:path';
import type { DecideRollout } from '../domain/registry.js';
import { damaged, isName } from '../domain/registry-errors.js';
import { mergeHistories } from '../domain/registry-moves.js';
import type { RolloutMove } from '../domain/rollout.js';
import { isChained } from '../domain/rollout-moves.js';
import { appendRecord, fileName } from './chain-files.js';
import { listFolder, listNumbers } from './durable-files.js';
import { readRolloutMove } from './records.js';

/** The newest move of one environment's rollouts; undefined where there is none. */
export async function lastRolloutMove(folder: string): Promise<RolloutMove | undefined> {
  const number = (await listNumbers(folder, '.json')).at(-1);
  return number === undefined ? undefined : readRolloutMove(join(folder, fileName(number)));
}

/** See `appendRecord`. */
export function appendRolloutMove(folder: string, decide: DecideRollout): Promise<RolloutMove | undefined> {
  return appendRecord(folder, readRolloutMove, decide);
}

/** Moves of the rollouts of all environments under `folder`, oldest first. */
export async function readRollouts(folder: string): Promise<RolloutMove[]> {
  const environments = (await listFolder(folder)).filter(isName).sort();
  return mergeHistories(
    await Promise.all(environments.map((environment) => readMoves(join(folder, environment)))),
  );
}

async function readMoves(folder: string): Promise<RolloutMove[]> {
  const moves: RolloutMove[] = [];
  for (const number of await listNumbers(folder, '.json')) {
    if (number !== moves.length + 1) throw damaged(folder, `${fileName(moves.length + 1)} is missing`);
    const path = join(folder, fileName(number));
    const move = await readRolloutMove(path);
    if (!isChained(moves.at(-1), move))
      throw damaged(path, 'it does not begin where the move before it ended');
    moves.push(move);
  }
  return moves;
}
