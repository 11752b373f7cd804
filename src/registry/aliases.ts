import { join } from 'node:path';
import { PredawnError } from '../domain/errors.js';
import type { AliasMove } from '../domain/registry.js';
import { damaged, isName } from '../domain/registry-errors.js';
import { checkChain, mergeHistories } from '../domain/registry-moves.js';
import { appendRecord, fileName } from './chain-files.js';
import { listFolder, listNumbers } from './durable-files.js';
import { readMove } from './records.js';

/** The moves of one environment's alias, oldest first: files `000001.json`, `000002.json`… in `folder`. */
export async function readMoves(folder: string): Promise<AliasMove[]> {
  const moves: AliasMove[] = [];
  for (const number of await listNumbers(folder, '.json')) {
    if (number !== moves.length + 1) throw damaged(folder, `${fileName(moves.length + 1)} is missing`);
    const path = join(folder, fileName(number));
    const move = await readMove(path);
    checkChain(moves.at(-1), move, path);
    moves.push(move);
  }
  return moves;
}

/** The newest move, which says what is live; undefined where there is none. */
export async function lastMove(folder: string): Promise<AliasMove | undefined> {
  const number = (await listNumbers(folder, '.json')).at(-1);
  return number === undefined ? undefined : readMove(join(folder, fileName(number)));
}

/** See `appendRecord`. */
export function appendMove(
  folder: string,
  decide: (last: AliasMove | undefined) => AliasMove | Promise<AliasMove>,
): Promise<AliasMove> {
  return appendRecord(folder, readMove, decide);
}

/** Moves of each environment under `folder` as far as they can be read, oldest first: for what must not fail with one. */
export async function readableMoves(folder: string): Promise<AliasMove[][]> {
  const environments = (await listFolder(folder)).filter(isName).sort();
  return Promise.all(environments.map((environment) => readableMovesOf(join(folder, environment))));
}

async function readableMovesOf(folder: string): Promise<AliasMove[]> {
  const moves: AliasMove[] = [];
  for (const number of await listNumbers(folder, '.json')) {
    try {
      moves.push(await readMove(join(folder, fileName(number))));
    } catch (thrown) {
      if (!(thrown instanceof PredawnError)) throw thrown;
    }
  }
  return moves;
}

/** Moves of all environments under `folder`, oldest first. */
export async function readHistory(folder: string): Promise<AliasMove[]> {
  const environments = (await listFolder(folder)).filter(isName).sort();
  return mergeHistories(
    await Promise.all(environments.map((environment) => readMoves(join(folder, environment)))),
  );
}
