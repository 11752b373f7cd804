import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { FileEncoderSpec } from '../../src/domain/codecs.js';
import type { RejectCode } from '../../src/domain/columns.js';
import type { Publication } from '../../src/domain/publication.js';
import { makeFileEncoder } from '../../src/files/encoder.js';
import { openFilesLedger } from '../../src/files/ledger.js';
import { openFilesPublication } from '../../src/files/publication.js';
import type { PublicationUnderTest } from '../contracts/publication.js';
import { readPredictions } from './read-slice.js';

export interface FilesUnderTest extends PublicationUnderTest {
  readonly root: string;
}

/** A files destination in a temporary folder of its own. */
export async function openFilesUnderTest(): Promise<FilesUnderTest> {
  const cwd = await mkdtemp(join(tmpdir(), 'predawn-files-'));
  const root = join(cwd, 'predictions');
  const open = (): Promise<Publication> => openFilesPublication({ root, cwd, now: () => new Date() });
  return {
    root,
    publication: await open(),
    ledger: await openFilesLedger(root),
    anotherPublication: open,
    makeEncoder: (spec) => makeFileEncoder(spec as FileEncoderSpec),
    async readSlice(target, asOf) {
      const path = join(root, target.table, `as_of=${asOf}`, `predictions.${target.format}`);
      return existsSync(path) ? readPredictions(path, target) : [];
    },
    async readRejects({ id, job, asOf }) {
      const text = await readFile(join(root, '_predawn', job, 'rejects', asOf, `${id}.csv`));
      const records: Record<string, string>[] = parse(text, { columns: true });
      return records.map(({ line, column, code, raw }) => ({
        line: Number(line),
        column: column === '' ? undefined : column!,
        code: code as RejectCode,
        raw: raw!,
      }));
    },
    async cleanup() {
      await rm(cwd, { recursive: true, force: true });
    },
  };
}
