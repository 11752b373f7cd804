import { tableFromIPC } from 'apache-arrow';
import { parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import type { FileEncoderSpec } from '../../src/domain/codecs.js';
import type { KeyColumn, ScoredRows } from '../../src/domain/columns.js';
import { makeAssembler } from '../../src/files/assembler.js';
import { makeFileEncoder } from '../../src/files/encoder.js';

const TARGET = {
  ...{ job: 'j', table: 't', keys: [{ name: 'id', type: 'text' as const }], outputs: [], description: '' },
};

function block(ids: string, scoredBy: readonly number[] | undefined): ScoredRows {
  const bytes = Buffer.from(ids);
  const key: KeyColumn = {
    type: 'text',
    offsets: Int32Array.from({ length: ids.length + 1 }, (_, row) => row),
    bytes,
  };
  return {
    ...{ rows: ids.length, keys: [key], outputs: [] },
    scoredBy: scoredBy && Int32Array.from(scoredBy),
  };
}

async function file(
  kind: FileEncoderSpec['kind'],
  artefacts: readonly string[] | undefined,
  blocks: ScoredRows[],
) {
  const spec: FileEncoderSpec = {
    ...{ kind, keyNames: ['id'], asOf: '2026-11-21', artefact: 'm@1', artefacts },
    ...{ attemptId: 'x', scoredAt: '2026-11-22T00:00:00.000Z' },
  };
  const encoder = await makeFileEncoder(spec);
  const assembler = await makeAssembler({ ...TARGET, format: kind }, spec);
  const parts = blocks.flatMap((each) => [...assembler.add(encoder.encode(each), each.rows)]);
  return new Uint8Array(Buffer.concat([...parts, ...assembler.end()]));
}

async function artefactsIn(kind: FileEncoderSpec['kind'], bytes: Uint8Array<ArrayBuffer>): Promise<string[]> {
  switch (kind) {
    case 'arrow':
      return tableFromIPC(bytes)
        .toArray()
        .map((row: { id: string; artefact: string }) => `${row.id} ${row.artefact}`);
    case 'parquet': {
      const rows = await parquetReadObjects({ file: bytes.buffer });
      return rows.map(({ id, artefact }) => `${String(id)} ${String(artefact)}`);
    }
    case 'csv':
      return Buffer.from(bytes)
        .toString('utf8')
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(',').slice(0, 2).join(' '));
  }
}

describe.each(['arrow', 'parquet', 'csv'] as const)('the artefact of every row in %s', (kind) => {
  it('is the one that scored it, whatever a block has of both', async () => {
    const blocks = [block('ab', [0, 0]), block('cde', [1, 0, 1]), block('f', [1]), block('g', undefined)];
    const bytes = await file(kind, ['m@1', 'm@2'], blocks);
    expect(await artefactsIn(kind, bytes)).toEqual([
      'a m@1',
      'b m@1',
      'c m@2',
      'd m@1',
      'e m@2',
      'f m@2',
      'g m@1',
    ]);
  });

  it('is the live one where there is no canary', async () => {
    const bytes = await file(kind, undefined, [block('ab', undefined)]);
    expect(await artefactsIn(kind, bytes)).toEqual(['a m@1', 'b m@1']);
  });
});
