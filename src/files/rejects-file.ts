import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Reject } from '../domain/columns.js';
import { csvField } from './csv-text.js';
import { ensureFolder, FILE_MODE } from './disk.js';

/** An attempt's rejected rows as CSV: line, column, code, raw. There is no file where there are none. */
export class RejectsFile {
  #handle: FileHandle | undefined;

  constructor(readonly path: string) {}

  async append(rejects: readonly Reject[]): Promise<void> {
    if (rejects.length === 0) return;
    if (this.#handle === undefined) {
      await ensureFolder(dirname(this.path));
      this.#handle = await open(this.path, 'wx', FILE_MODE);
      await this.#handle.writeFile('line,column,code,raw\n');
    }
    const lines = rejects.map(({ line, column, code, raw }) => {
      // An unquoted empty field is a column that is not known; an empty name would be quoted.
      const name = column === undefined ? '' : csvField(column);
      return `${line},${name},${code},${csvField(raw)}\n`;
    });
    await this.#handle.writeFile(lines.join(''));
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    if (handle === undefined) return;
    await handle.sync();
    await handle.close();
  }
}
