/*
 * The inner loops of the decoder of binary COPY, in AssemblyScript: `npm run kernel` compiles them into
 * `../kernel-module.ts`. Addresses are of this module's own memory, which `../kernel.ts` lays out. Behind every block
 * there are 64 bytes that may be read. What these loops can't decide they leave to the decoder in TypeScript, which
 * says what is right.
 */

export { addText, heapBase, makeTable, tableBytes } from '../../kernel/assembly/text-table';
export { copyKeys, texts } from './copies';
export { findFields, nulls } from './fields';
export { float32s, float64s } from './floats';
export { bools, int32s, int64s } from './integers';
