import type { ByteBuffer } from './byte-buffer.js';

/** A CSV field, quoted where RFC 4180 asks for it, and where it is empty, so that readers don't take it for NULL. */
export function csvField(text: string): string {
  return text === '' || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The same for UTF-8 bytes `[start, end)`. */
export function csvFieldBytes(into: ByteBuffer, bytes: Uint8Array, start: number, end: number): void {
  let quote = start === end || bytes[start]! <= 0x20 || bytes[end - 1]! <= 0x20;
  for (let i = start; i < end && !quote; i++) {
    const byte = bytes[i]!;
    quote = byte === 0x22 || byte === 0x2c || byte === 0x0a || byte === 0x0d;
  }
  if (!quote) {
    into.bytes(bytes.subarray(start, end));
    return;
  }
  into.byte(0x22);
  for (let i = start; i < end; i++) {
    if (bytes[i] === 0x22) into.byte(0x22);
    into.byte(bytes[i]!);
  }
  into.byte(0x22);
}
