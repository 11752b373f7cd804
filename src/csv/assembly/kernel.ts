/*
 * The inner loops of the CSV decoder, in AssemblyScript: `npm run kernel` compiles them into `../kernel-module.ts`.
 * Addresses are of this module's own memory, which `../kernel.ts` lays out. Behind every block there are 64 bytes that
 * may be read. What these loops can't decide they leave to the decoder in TypeScript, which says what is right.
 */

export { addText, heapBase, makeTable, tableBytes } from '../../kernel/assembly/text-table';
export { lines, split } from './fields';
export { lastRecordEnd, place } from './record-ends';
export { float32s, float64s, int32s, int64s } from './numbers';
export { copiedBytes, copyKeys, knownTexts, texts } from './texts';
