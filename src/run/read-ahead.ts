import type { Block } from '../domain/columns.js';

/**
 * Reads the first two blocks, to tell a small input from a large one before threads are started.
 *
 * @returns all blocks again, and whether the input ended within them.
 */
export async function readAhead(
  source: AsyncIterable<Block>,
): Promise<{ readonly blocks: AsyncIterable<Block>; readonly ended: boolean }> {
  const rest = source[Symbol.asyncIterator]();
  const first: Block[] = [];
  let ended = false;
  while (first.length < 2 && !ended) {
    const next = await rest.next();
    if (next.done === true) ended = true;
    else first.push(next.value);
  }
  return { blocks: replay(first, rest), ended };
}

async function* replay(first: Block[], rest: AsyncIterator<Block>): AsyncGenerator<Block> {
  try {
    // Shifted, not iterated: a block's memory belongs to the consumer once it is handed over.
    for (let block = first.shift(); block !== undefined; block = first.shift()) yield block;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
