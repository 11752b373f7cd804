import type { TargetTable } from '../domain/publication.js';
import type { Assembler } from './assembler.js';
import { csvField } from './csv-text.js';

/** A header line, then the blocks as they are. */
export class CsvAssembler implements Assembler {
  #header: Uint8Array | undefined;

  constructor({ keys, outputs }: Pick<TargetTable, 'keys' | 'outputs'>) {
    const names = [...keys, ...outputs].map(({ name }) => name);
    const line = [...names, 'artefact', 'attempt_id', 'scored_at'].map(csvField).join(',');
    this.#header = Buffer.from(`${line}\n`, 'utf8');
  }

  add(payload: Uint8Array): readonly Uint8Array[] {
    if (this.#header === undefined) return [payload];
    const header = this.#header;
    this.#header = undefined;
    return [header, payload];
  }

  end(): readonly Uint8Array[] {
    return [];
  }
}
