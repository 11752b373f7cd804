import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import type pg from 'pg';
import { expect, test, vi } from 'vitest';
import { CopyOut } from '../../src/postgres/copy-out.js';

function message(letter: string, contents: Uint8Array): Buffer {
  const header = Buffer.alloc(5);
  header.write(letter, 'latin1');
  header.writeInt32BE(4 + contents.length, 1);
  return Buffer.concat([header, contents]);
}

/** A connection of pg's as far as a query sees it, and what pg itself was given to read. */
function connected(copy: CopyOut): { stream: PassThrough; read: Buffer[] } {
  const stream = new PassThrough();
  const read: Buffer[] = [];
  stream.on('data', (bytes: Buffer) => read.push(bytes));
  copy.submit({ stream, query: () => undefined } as unknown as pg.Connection);
  return { stream, read };
}

const END = [
  message('c', Buffer.of()),
  message('C', Buffer.from('COPY 3\0')),
  message('Z', Buffer.from('I')),
];

/** What pg does once it has read all of END. */
function tellEnd(copy: CopyOut): void {
  copy.handleCommandComplete({ text: 'COPY 3' });
  copy.handleReadyForQuery();
}

const contents = fc.uint8Array({ maxLength: 50 });
const messages = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: contents.map((bytes) => ['d', bytes] as const) },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom('N', 'S', 'A', 'H'), contents) },
  ),
  { maxLength: 30 },
);

test('rows and what is pg’s are told apart, in whatever pieces they come', async () => {
  await fc.assert(
    fc.asyncProperty(messages, fc.array(fc.integer({ min: 1, max: 200 })), async (all, lengths) => {
      const copy = new CopyOut('copy');
      const { stream, read } = connected(copy);
      const ours = all.map(([letter, bytes]) => message(letter, bytes));
      let rest = Buffer.concat([...ours, ...END]);
      const arrived = (async () => {
        const pieces: Uint8Array[] = [];
        for await (const piece of copy.pieces()) pieces.push(Buffer.from(piece));
        return Buffer.concat(pieces);
      })();
      for (const length of [...lengths, Infinity]) {
        if (rest.length > 0) stream.write(Buffer.from(rest.subarray(0, length)));
        rest = rest.subarray(length);
        await new Promise((resolve) => setImmediate(resolve));
      }
      const forPg = Buffer.concat([...ours.filter((_, index) => all[index]![0] !== 'd'), ...END]);
      // After each piece of rows the stream rests.
      while (Buffer.concat(read).length < forPg.length) await new Promise((resolve) => setImmediate(resolve));
      tellEnd(copy);
      expect(await arrived).toEqual(
        Buffer.concat(all.flatMap(([letter, bytes]) => (letter === 'd' ? [bytes] : []))),
      );
      expect(Buffer.concat(read)).toEqual(forPg);
      expect(copy.rowCount).toBe(3);
    }),
  );
});

test('the server waits for a reader that does not come, and a while after each piece', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  try {
    const copy = new CopyOut('copy');
    const { stream } = connected(copy);
    const row = message('d', Buffer.alloc(100_000, 'x'));
    let written = 0;
    while (!stream.isPaused()) {
      // A socket's pieces are nobody else's, and may be written to.
      stream.write(Buffer.from(row));
      written++;
      await new Promise((resolve) => setImmediate(resolve));
      expect(stream.isPaused()).toBe(true);
      vi.runAllTimers();
    }
    expect(written).toBe(3);
    stream.write(Buffer.concat(END));
    let bytes = 0;
    const reading = (async () => {
      for await (const piece of copy.pieces()) bytes += piece.length;
    })();
    await once(stream, 'resume');
    await new Promise((resolve) => setImmediate(resolve));
    tellEnd(copy);
    await reading;
    expect(bytes).toBe(300_000);
  } finally {
    vi.useRealTimers();
  }
});

test('what pg says of the connection, and why reading was given up, is thrown', async () => {
  for (const end of ['handleError', 'fail'] as const) {
    const copy = new CopyOut('copy');
    const { stream, read } = connected(copy);
    stream.write(message('d', Buffer.from('row')));
    const reading = (async () => {
      for await (const piece of copy.pieces()) {
        expect(Buffer.from(piece).toString()).toBe('row');
        copy[end](new Error('over'));
      }
    })();
    await expect(reading).rejects.toThrow('over');
    if (end === 'fail') continue;
    // The stream is pg's again.
    stream.write('more');
    await new Promise((resolve) => setImmediate(resolve));
    expect(Buffer.concat(read).toString()).toBe('more');
  }
});
