import { createHash } from 'node:crypto';
import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCsvSource } from '../../src/csv/source.js';
import type { CsvInput } from '../../src/domain/job.js';
import type { InputSummary, Source } from '../../src/domain/source.js';

const INPUT: CsvInput = {
  path: 'in/{date}.csv',
  delimiter: ',',
  quote: '"',
  encoding: 'utf-8',
  header: undefined,
  finalNewline: 'optional',
};
const ROWS = 'id,name\n1,Zoë\n2,"a,\nb"\n3,c\n';

let folder: string;
let opened: Source[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'predawn-csv-'));
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((source) => source.close()));
  await rm(folder, { recursive: true });
});

interface Given extends Partial<CsvInput> {
  readonly name?: string;
  readonly blockBytes?: number;
}

async function openFile({ name = '2026-11-21.csv', blockBytes = 10, ...input }: Given = {}): Promise<Source> {
  const source = await openCsvSource({
    path: join(folder, name),
    displayPath: `in/${name}`,
    input: { ...INPUT, ...input },
    blockBytes,
    job: 'churn',
    asOf: '2026-11-21',
  });
  opened.push(source);
  return source;
}

async function openBytes(content: string | Uint8Array, given: Given = {}): Promise<Source> {
  await writeFile(join(folder, given.name ?? '2026-11-21.csv'), content);
  return openFile(given);
}

async function readAll(source: Source): Promise<{ text: string; blocks: number; summary: InputSummary }> {
  let text = '';
  let blocks = 0;
  for await (const { bytes, sequence } of source.blocks(new AbortController().signal)) {
    expect(sequence).toBe(blocks++);
    text += Buffer.from(bytes).toString();
  }
  return { text, blocks, summary: await source.summary() };
}

const readBytes = async (content: string | Uint8Array, given: Given = {}) =>
  readAll(await openBytes(content, given));
const fault = (kind: string, code: string, message?: RegExp, hint?: RegExp): unknown =>
  expect.objectContaining({
    kind,
    code,
    ...(message && { message: expect.stringMatching(message) as string }),
    ...(hint && { hint: expect.stringMatching(hint) as string }),
  });
const sha256 = (content: string | Uint8Array) =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`;
const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le');

describe('a CSV file', () => {
  it('is described by its header and read in blocks', async () => {
    const source = await openBytes(ROWS);
    expect(
      source.description.columns.map(({ name, typeName, keyType }) => [name, typeName, keyType]),
    ).toEqual([
      ['id', 'text', 'text'],
      ['name', 'text', 'text'],
    ]);
    expect([...source.description.columns[0]!.feeds].sort()).toEqual([
      'bool',
      'float32',
      'float64',
      'int32',
      'int64',
      'string',
    ]);
    expect(source.description.decoder).toEqual({ kind: 'csv', delimiter: ',', quote: '"', recordEnd: 'lf' });
    expect(source).toMatchObject({
      location: 'in/2026-11-21.csv',
      linesBefore: 1,
      expectedBytes: ROWS.length + 1,
    });
    const { text, blocks, summary } = await readAll(source);
    expect([text, blocks]).toEqual([ROWS.slice('id,name\n'.length), 3]);
    expect(summary).toEqual({ fingerprint: sha256(ROWS), bytes: ROWS.length + 1, warnings: [] });
    expect(await source.fingerprint(new AbortController().signal)).toBe(summary.fingerprint);
  });

  it('may have its header on several lines, or after empty ones', async () => {
    const source = await openBytes('\n\r\n"a\nb",c\r\n1,2\r\n');
    expect(source.description.columns.map(({ name }) => name)).toEqual(['a\nb', 'c']);
    expect(source.linesBefore).toBe(4);
    expect((await readAll(source)).text).toBe('1,2\r\n');
  });

  it('may have no header line', async () => {
    const source = await openBytes('1,x\n', { header: ['id', 'name'] });
    expect(source.linesBefore).toBe(0);
    expect((await readAll(source)).text).toBe('1,x\n');
    await expect(openBytes('1,x\n', { header: ['id', 'id'] })).rejects.toEqual(
      fault('data', 'csv.header_duplicate'),
    );
  });

  it('may have quotes of its own kind in a name, and in a last record without a line end', async () => {
    const names = async (content: string, quote: string | undefined) =>
      (await openBytes(content, { quote })).description.columns.map(({ name }) => name);
    expect(await names("id,'it''s'\n", "'")).toEqual(['id', "it's"]);
    expect(await names('id,a"b,a""b\n', undefined)).toEqual(['id', 'a"b', 'a""b']);
    expect(await names('id,"a""b"\n', '"')).toEqual(['id', 'a"b']);
    expect((await readBytes("id,name\n1,'it''s'", { quote: "'" })).text).toBe("1,'it''s'");
    await expect(readBytes("id,name\n'it''s,'", { quote: "'" })).rejects.toEqual(
      fault('input', 'input.truncated', /inside its last record/),
    );
  });

  it('may have no rows', async () => {
    expect(await readBytes('id,name\n')).toMatchObject({ text: '', blocks: 0, summary: { warnings: [] } });
  });

  it('may end its records with CR', async () => {
    const source = await openBytes('id,name\r1,x\r2,y\r');
    expect(source.description.decoder).toMatchObject({ recordEnd: 'cr' });
    expect(await readAll(source)).toMatchObject({ text: '1,x\r2,y\r', blocks: 1 });
  });

  it('may be larger than what is read at once', async () => {
    const rows = Array.from({ length: 60_000 }, (_, row) => `${row},"näme ${row}"\n`).join('');
    const { text, summary } = await readBytes(`id,name\n${rows}`, { blockBytes: 100_000 });
    expect(text === rows).toBe(true);
    expect(summary.fingerprint).toBe(sha256(`id,name\n${rows}`));
    const packed = gzipSync(`id,name\n${rows}`);
    const unpacked = await readBytes(packed, { blockBytes: 100_000, name: 'rows.csv.gz' });
    expect(unpacked.text === rows).toBe(true);
    expect(unpacked.summary).toMatchObject({ fingerprint: sha256(packed), bytes: packed.length });
    const wide = await readBytes(utf16(`id,name\n${rows}`), { blockBytes: 100_000, encoding: 'utf-16le' });
    expect(wide.text === rows).toBe(true);
  });

  it('may be gzip, by name or by content', async () => {
    const rest = ROWS.slice('id,name\n'.length);
    for (const name of ['2026-11-21.csv.gz', '2026-11-21.csv']) {
      const source = await openBytes(gzipSync(ROWS), { name });
      expect(source.expectedBytes).toBeUndefined();
      expect((await readAll(source)).text).toBe(rest);
    }
    const members = Buffer.concat([gzipSync(ROWS), gzipSync('4,d\n')]);
    expect((await readBytes(members)).text).toBe(`${rest}4,d\n`);
  });

  it('may be in any of the encodings, with or without a BOM', async () => {
    const rest = ROWS.slice('id,name\n'.length);
    expect((await readBytes(`\ufeff${ROWS}`)).text).toBe(rest);
    expect((await readBytes(utf16(ROWS), { encoding: 'utf-16le' })).text).toBe(rest);
    expect((await readBytes(Buffer.from(ROWS, 'utf16le'), { encoding: 'utf-16le' })).text).toBe(rest);
    expect((await readBytes(Buffer.from(ROWS, 'latin1'), { encoding: 'latin1' })).text).toBe(rest);
    expect((await readBytes(gzipSync(utf16(ROWS)), { encoding: 'utf-16le' })).text).toBe(rest);
  });

  it('is read no further once the signal aborts', async () => {
    const controller = new AbortController();
    const source = await openBytes(ROWS);
    const reading = (async () => {
      for await (const { sequence } of source.blocks(controller.signal)) {
        expect(sequence).toBe(0);
        controller.abort(new Error('SIGTERM'));
      }
    })();
    await expect(reading).rejects.toThrow('SIGTERM');
    await expect(source.fingerprint(controller.signal)).rejects.toThrow('SIGTERM');
  });
});

describe('an input that is not there', () => {
  it('is missing, with the nearest dates that are', async () => {
    for (const date of ['2026-11-01', '2026-11-18', '2026-11-19', '2026-11-23']) {
      await writeFile(join(folder, `${date}.csv`), ROWS);
    }
    await writeFile(join(folder, 'other-2026-11-20.csv'), ROWS);
    await expect(openFile()).rejects.toEqual(
      fault(
        'input',
        'input.missing',
        /^Job churn has no input for 2026-11-21: in\/2026-11-21.csv does not exist$/,
        /^Nearest in in: 2026-11-19.csv, 2026-11-23.csv, 2026-11-18.csv; newest there: 2026-11-23.csv\./,
      ),
    );
  });

  it('is missing, with the dates of the folders where those have the dates', async () => {
    await mkdir(join(folder, '2026-11-20'));
    await expect(openFile({ name: '2026-11-21/rows.csv' })).rejects.toEqual(
      fault('input', 'input.missing', /2026-11-21\/rows.csv/, /^Nearest in in: 2026-11-20; newest/),
    );
  });

  it('is missing where its folder is, or no date is near', async () => {
    await expect(openFile({ name: 'no/2026-11-21.csv' })).rejects.toEqual(
      fault('input', 'input.missing', /no\/2026-11-21.csv/, /^The folder in\/no does not exist/),
    );
    await expect(openFile()).rejects.toEqual(
      fault('input', 'input.missing', /./, /^There is no file of any date in in/),
    );
    await expect(openFile({ name: 'rows.csv' })).rejects.toEqual(
      fault('input', 'input.missing', /./, /^Check/),
    );
  });

  it('is empty', async () => {
    for (const content of ['', '\ufeff', '\n\r\n', gzipSync('')]) {
      await expect(openBytes(content)).rejects.toEqual(
        fault('input', 'input.empty', /2026-11-21.csv is empty/),
      );
    }
    await expect(openBytes('', { name: 'rows.csv.gz' })).rejects.toEqual(fault('input', 'input.empty'));
  });

  it('is no file, or cannot be read', async () => {
    await mkdir(join(folder, 'rows.csv'));
    await expect(openFile({ name: 'rows.csv' })).rejects.toEqual(fault('configuration', 'input.not_a_file'));
    await symlink('loop.csv', join(folder, 'loop.csv'));
    await expect(openFile({ name: 'loop.csv' })).rejects.toEqual(
      fault('configuration', 'input.unreadable', /ELOOP/),
    );
  });

  it.skipIf(process.getuid?.() === 0)('cannot be read without the right to', async () => {
    await writeFile(join(folder, 'rows.csv'), ROWS);
    await chmod(join(folder, 'rows.csv'), 0);
    await expect(openFile({ name: 'rows.csv' })).rejects.toEqual(
      fault('configuration', 'input.unreadable', /EACCES/),
    );
  });
});

describe('an input that is not whole', () => {
  const FIRST = 'id,name\n1,a\n';

  /** Reads all, doing `change` after the first block. */
  async function readWhile(change: () => Promise<void>): Promise<void> {
    const source = await openBytes(FIRST + 'n,b\n'.repeat(1000), { blockBytes: 100 });
    for await (const { sequence } of source.blocks(new AbortController().signal))
      if (sequence === 0) await change();
    await source.summary();
  }
  const path = () => join(folder, '2026-11-21.csv');
  const changed = (how: RegExp) => fault('input', 'input.changed', how);

  it('grows while it is read', async () => {
    await expect(readWhile(() => appendFile(path(), '9,z\n'))).rejects.toEqual(
      changed(/had 4012 bytes and now has 4016/),
    );
  });

  it('is called growing, not cut short, where its end was inside a record', async () => {
    const source = await openBytes(`${FIRST}2,b\n3`, { blockBytes: 5 });
    const reading = (async () => {
      for await (const { sequence } of source.blocks(new AbortController().signal)) {
        if (sequence === 0) await appendFile(path(), ',c\n');
      }
    })();
    await expect(reading).rejects.toEqual(changed(/now has/));
  });

  it('shrinks, is written to, replaced or removed', async () => {
    const other = async () => {
      await writeFile(join(folder, 'other'), FIRST + 'n,b\n'.repeat(1000));
      await rename(join(folder, 'other'), path());
    };
    await expect(readWhile(() => truncate(path(), 50))).rejects.toEqual(changed(/changed while it was read/));
    await expect(readWhile(() => writeFile(path(), FIRST + 'N,b\n'.repeat(1000)))).rejects.toEqual(
      changed(/written to/),
    );
    await expect(readWhile(other)).rejects.toEqual(changed(/another file replaced it/));
    await expect(readWhile(() => rm(path()))).rejects.toEqual(changed(/it was removed/));
  });

  it('grows after it was read', async () => {
    const source = await openBytes(ROWS);
    await readAll(source);
    await appendFile(path(), '4,d\n');
    await expect(source.summary()).rejects.toEqual(changed(/now has/));
  });

  it('shrank to less than what is still to be read', async () => {
    const source = await openBytes(`id,name\n${'n,b\n'.repeat(200_000)}`, { blockBytes: 1000 });
    const reading = (async () => {
      for await (const { sequence } of source.blocks(new AbortController().signal)) {
        if (sequence === 0) await truncate(path(), 300_000);
      }
    })();
    await expect(reading).rejects.toEqual(changed(/it ended after 300000 of 800008 bytes/));
  });

  it('is gzip that is cut short, corrupt or followed by something else', async () => {
    const packed = gzipSync(
      `id,name\n${Array.from({ length: 5000 }, (_, row) => `${row},${row * row}\n`).join('')}`,
    );
    const corrupt = Buffer.from(packed);
    corrupt.fill(0xaa, packed.length - 200, packed.length - 100);
    for (const bytes of [
      packed.subarray(0, -1),
      packed.subarray(0, 5000),
      corrupt,
      Buffer.concat([packed, Buffer.from('x')]),
    ]) {
      await expect(readBytes(bytes)).rejects.toEqual(fault('input', 'input.truncated', /no whole gzip file/));
    }
    await expect(openBytes(ROWS, { name: 'rows.csv.gz' })).rejects.toEqual(fault('input', 'input.truncated'));
  });

  it('ends inside a record', async () => {
    for (const end of ['3', '"x', '']) {
      const cut = `id,name,city\n1,a,b\n2,c,d\n3,e${end === '' ? '' : `\n${end}`}`;
      if (end === '"x') expect((await readBytes(cut)).text).toBe(cut.slice('id,name,city\n'.length));
      else
        await expect(readBytes(cut)).rejects.toEqual(
          fault('input', 'input.truncated', /ends inside its last record/),
        );
    }
  });

  it('has no line end at its end, where one is required', async () => {
    const { text, summary } = await readBytes(ROWS.slice(0, -1));
    expect(text.endsWith('\n3,c')).toBe(true);
    expect(summary.warnings).toEqual([
      expect.stringContaining('in/2026-11-21.csv has no line end at its end'),
    ]);
    expect((await readBytes('id,name')).summary.warnings.length).toBe(1);
    for (const content of [ROWS.slice(0, -1), 'id,name', 'id,name\r\n1,a\r']) {
      await expect(readBytes(content, { finalNewline: 'required' })).rejects.toEqual(
        fault('input', 'input.truncated', /has no line end at its end/),
      );
    }
  });

  it('is UTF-16 that ends inside a character', async () => {
    await expect(readBytes(utf16(ROWS).subarray(0, -1), { encoding: 'utf-16le' })).rejects.toEqual(
      fault('input', 'input.truncated', /inside a character/),
    );
  });
});

describe('a header or encoding that cannot be right', () => {
  it.each([
    ['id,b,id\n', 'csv.header_duplicate', /line 1: columns 1 and 3 are both named id/, /./],
    ['id,,b\n', 'csv.header_empty', /line 1: column 2 has no name/, /index=False/],
    [
      '\nid;b;c\n1;2;3\n',
      'csv.header_delimiter',
      /line 2: the header is one column/,
      /Set input.delimiter to ";"/,
    ],
    ['id\tb\n', 'csv.header_delimiter', /one column/, /Set input.delimiter to "\\t"/],
    ['a"b,c\n1,2\n', 'csv.header_quote', /quotes do not match/, /input.quote/],
    ['"a"b,c\n1,2\n', 'csv.header_quote', /quotes do not match/, /input.quote/],
    [Buffer.alloc(1_400_000, 'x'), 'csv.header_long', /no line end in its first mebibyte/, /./],
    [Buffer.from('id,größe\n', 'latin1'), 'csv.encoding', /line 1: the header is not UTF-8/, /latin1/],
    [
      utf16(ROWS),
      'csv.encoding',
      /mark of UTF-16, but input.encoding is utf-8/,
      /Set input.encoding to utf-16le/,
    ],
    [Buffer.from(ROWS, 'utf16le'), 'csv.encoding', /the header is not UTF-8/, /utf-16le/],
    [utf16(ROWS).swap16(), 'csv.encoding', /big-endian UTF-16/, /UTF-8/],
  ])('case %#', async (content, code, message, hint) => {
    await expect(openBytes(content)).rejects.toEqual(fault('data', code, message, hint));
  });

  it('is told for the other encodings too', async () => {
    await expect(openBytes(ROWS, { encoding: 'utf-16le' })).rejects.toEqual(
      fault('data', 'csv.encoding', /no zero byte/, /utf-8/),
    );
    await expect(openBytes(`\ufeff${ROWS}`, { encoding: 'latin1' })).rejects.toEqual(
      fault('data', 'csv.encoding', /mark of UTF-8, but input.encoding is latin1/, /utf-8/),
    );
    const lone = Buffer.from(`id,name\n${'1,a\n'.repeat(2000)}\ud800,b\n`, 'utf16le');
    await expect(readBytes(lone, { encoding: 'utf-16le' })).rejects.toEqual(
      fault('data', 'csv.encoding', /not UTF-16/),
    );
  });
});
