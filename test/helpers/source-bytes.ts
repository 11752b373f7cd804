import type { Source } from '../../src/domain/source.js';

/** All that the blocks of an input have. */
export async function bytesOf(source: Pick<Source, 'blocks'>): Promise<Buffer> {
  const blocks: Uint8Array[] = [];
  for await (const { bytes } of source.blocks(new AbortController().signal)) blocks.push(bytes);
  return Buffer.concat(blocks);
}
