import type { FileEncoderSpec } from '../domain/codecs.js';
import type { TargetTable } from '../domain/publication.js';
import type { Assembler } from './assembler.js';
import { ParquetFooter } from './parquet-footer.js';
import { unpackRowGroup } from './parquet-row-group.js';
import { parquetColumns } from './parquet-schema.js';

const MAGIC = Buffer.from('PAR1');

/** Makes one Parquet file of row groups: one after the other, byte for byte, and a footer that says where they are. */
export class ParquetAssembler implements Assembler {
  readonly #footer = new ParquetFooter();
  /** 0 until the file was begun. */
  #position = 0;

  constructor(
    private readonly target: TargetTable,
    private readonly spec: FileEncoderSpec,
  ) {}

  add(payload: Uint8Array, rows: number): readonly Uint8Array[] {
    const { bytes, rowGroup } = unpackRowGroup(payload);
    if (rowGroup.rows !== rows) {
      throw new RangeError(`a Parquet block of ${rows} rows says that it holds ${rowGroup.rows}`);
    }
    const parts: Uint8Array[] = [];
    if (this.#position === 0) {
      parts.push(MAGIC);
      this.#position = MAGIC.length;
    }
    if (rows === 0) return parts;
    this.#footer.add(rowGroup, this.#position);
    this.#position += bytes.length;
    parts.push(bytes);
    return parts;
  }

  end(): readonly Uint8Array[] {
    const { asOf, artefact, attemptId } = this.spec;
    const footer = this.#footer.end(parquetColumns(this.target), {
      created_by: 'predawn',
      key_value_metadata: [
        { key: 'predawn.job', value: this.target.job },
        { key: 'predawn.as_of', value: asOf },
        { key: 'predawn.artefact', value: artefact },
        { key: 'predawn.attempt_id', value: attemptId },
      ],
    });
    return [footer, MAGIC];
  }
}
