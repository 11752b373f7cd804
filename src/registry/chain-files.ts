import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { AliasMove } from '../domain/registry.js';
import { recordBytes } from '../domain/registry-records.js';
import type { RolloutMove } from '../domain/rollout.js';
import { createWhole, listNumbers, makeFolder } from './durable-files.js';

/**
 * Appends the record that `decide` makes of the newest one to the files `000001.json`, `000002.json`… in `folder`;
 * nothing where `decide` gives that newest one back. A record takes its number by a link that fails where another
 * process has taken it: then `decide` is asked again, with the newer one. So none is lost, and each follows on the one
 * before it.
 */
export async function appendRecord<Move extends AliasMove | RolloutMove, Result extends Move | undefined>(
  folder: string,
  read: (path: string) => Promise<Move>,
  decide: (last: Move | undefined) => Result | Promise<Result>,
): Promise<Result> {
  for (;;) {
    const number = (await listNumbers(folder, '.json')).at(-1) ?? 0;
    const last = number === 0 ? undefined : await read(join(folder, fileName(number)));
    const move = await decide(last);
    if (move === last || move === undefined) return move;
    await makeFolder(folder);
    const temporary = join(folder, `.moving-${randomUUID()}`);
    if (await createWhole(join(folder, fileName(number + 1)), temporary, recordBytes(move))) return move;
  }
}

export function fileName(number: number): string {
  return `${String(number).padStart(6, '0')}.json`;
}
