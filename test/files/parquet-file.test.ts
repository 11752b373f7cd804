import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parquetMetadata } from 'hyparquet';
import { expect, test } from 'vitest';
import { newAttempt, newReceipt, targetOf } from '../contracts/attempts.js';
import { outputColumn, scoredRows } from '../contracts/scored-rows.js';
import { openFilesUnderTest } from './publication-under-test.js';

test('blocks become row groups of one file, each with its own statistics, types for all readers', async () => {
  const subject = await openFilesUnderTest();
  try {
    const columns = {
      keys: [
        { name: 'id', type: 'text' as const },
        { name: 'seen', type: 'timestamptz' as const },
        { name: 'day', type: 'date' as const },
      ],
      outputs: [outputColumn('score', 'float4'), outputColumn('label', 'text')],
    };
    const times = [1, 2, 3, 4, 5].map((n) => `2026-11-20T03:04:05.00000${n}Z`);
    const long = 'é'.repeat(60);
    const rows = {
      keys: [['b', 'a', 'c', long, 'z'], times, times.map((time) => time.slice(0, 10))],
      outputs: [
        [0.5, 0.25, 1, 0, -1],
        ['Yes', 'No', 'No', 'No', 'Yes'],
      ],
    };
    const attempt = newAttempt('2026-11-20', targetOf(columns));
    await subject.publication.withAttempt(attempt, new AbortController().signal, async (stage) => {
      const encoder = await subject.makeEncoder(stage.encoder);
      for (const [from, to] of [
        [0, 2],
        [2, 2],
        [2, 5],
      ] as const) {
        const scored = scoredRows(columns, rows, from, to);
        await stage.append({ payload: encoder.encode(scored), rows: to - from, keyHashes: undefined });
      }
      const output = await stage.finish();
      return stage.publish(({ changes }) => newReceipt(attempt, output, changes));
    });
    const path = join(subject.root, 'churn_predictions', 'as_of=2026-11-20', 'predictions.parquet');
    const parsers = { timestampFromMicroseconds: (value: bigint) => value } as object;
    const metadata = parquetMetadata(new Uint8Array(await readFile(path)).buffer, { parsers });

    expect(metadata.row_groups.map((group) => Number(group.num_rows))).toEqual([2, 3]);
    expect(metadata.key_value_metadata).toEqual([
      { key: 'predawn.job', value: 'churn' },
      { key: 'predawn.as_of', value: '2026-11-20' },
      { key: 'predawn.artefact', value: 'churn@3' },
      { key: 'predawn.attempt_id', value: attempt.id },
    ]);
    const statistics = metadata.row_groups.map(({ columns: chunks }) =>
      chunks.map(({ meta_data: chunk }) => [chunk!.statistics!.min_value, chunk!.statistics!.max_value]),
    );
    const instant = BigInt(Date.UTC(2026, 10, 20, 3, 4, 5)) * 1000n;
    expect(statistics[0]!.slice(0, 2)).toEqual([
      ['a', 'b'],
      [instant + 1n, instant + 2n],
    ]);
    expect(statistics[1]![1]).toEqual([instant + 3n, instant + 5n]);
    expect(statistics[1]![3]).toEqual([-1, 1]);
    expect(statistics[1]![4]).toEqual(['No', 'Yes']);
    // Cut by the encoder, perhaps, but never below the longest key.
    expect(
      Buffer.compare(Buffer.from(String(statistics[1]![0]![1])), Buffer.from(long)),
    ).toBeGreaterThanOrEqual(0);
    expect(
      metadata.schema.slice(1).map(({ name, repetition_type: repetition }) => [name, repetition]),
    ).toEqual(
      ['id', 'seen', 'day', 'score', 'label', 'artefact', 'attempt_id', 'scored_at'].map((name) => [
        name,
        'REQUIRED',
      ]),
    );
  } finally {
    await subject.cleanup();
  }
});
