import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Receipt } from '../../src/domain/receipt.js';
import { runInProcess } from '../helpers/in-process.js';
import { SAMPLE_DATE } from '../helpers/project.js';
import { type Destination, DESTINATIONS } from './destinations.js';

const JOB = 'jobs/churn.yaml';
const INPUT = `data-samples/churn/${SAMPLE_DATE}.csv`;
const BROKEN = 3;

describe.each(Object.keys(DESTINATIONS))('mended rows, to %s', { timeout: 120_000 }, (kind) => {
  let destination: Destination;
  /** The slice as it is when nothing is wrong with the input. */
  let whole: string;
  beforeEach(async () => {
    destination = await DESTINATIONS[kind]!();
  });
  afterEach(() => destination.drop());

  function predawn(...args: string[]) {
    const { project, env } = destination;
    return runInProcess(args, { cwd: project.folder, env });
  }
  const score = (...args: string[]) => predawn('run', 'churn', '--date', SAMPLE_DATE, ...args);
  async function receiptOf(...args: string[]): Promise<Receipt> {
    const { code, stdout, stderr } = await score(...args, '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout) as Receipt;
  }
  async function problemOf(...args: string[]) {
    const { code, stdout } = await score(...args, '--json');
    return [code, (JSON.parse(stdout) as { error: { code: string } }).error.code];
  }
  async function slice(): Promise<string> {
    const readers = await destination.readers();
    const seen = await readers[0]!.read();
    for (const reader of readers) await reader.close();
    return seen!;
  }
  const attempts = async () =>
    JSON.parse((await predawn('runs', '--json')).stdout) as { attempt_id: string; status: string }[];
  /** Breaks a number in some rows, far apart, and returns those rows as they were. */
  async function breakRows(): Promise<string[]> {
    const [header, ...rows] = (await destination.project.read(INPUT)).trim().split('\n');
    const at = (row: number) => row % 150 === 10 && row < 450;
    const before = rows.filter((_, row) => at(row));
    const broken = rows.map((row, index) => (at(index) ? row.replace(/,(\d+\.\d\d),/, ',lots,') : row));
    await destination.project.write(INPUT, `${[header, ...broken].join('\n')}\n`);
    expect(before).toHaveLength(BROKEN);
    return before;
  }
  async function exportRejects(): Promise<void> {
    const [{ attempt_id: id } = { attempt_id: '' }] = await attempts();
    const { code, stdout } = await predawn('rejects', id, '--csv', 'mended.csv');
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining(`run churn --date ${SAMPLE_DATE} --replay mended.csv`),
    ]);
  }
  const mend = async (rows: readonly string[]) => {
    const [header] = (await destination.project.read('mended.csv')).split('\n');
    await destination.project.write('mended.csv', [header, ...rows].join('\n'));
  };

  it('complete a slice that was published without them, which restore undoes', async () => {
    await receiptOf();
    whole = await slice();
    const rows = await breakRows();
    await destination.project.edit(JOB, 'rejects: 0', 'rejects: 5');
    const first = await receiptOf();
    expect(first.rows).toEqual({ read: 500, scored: 500 - BROKEN, rejected: BROKEN });
    const without = await slice();
    expect(without.split('\n')).toHaveLength(500 - BROKEN);

    await exportRejects();
    // One is left as it is: it is rejected again, and kept.
    const raw = (await destination.project.read('mended.csv')).trim().split('\n').slice(1);
    await mend([rows[0]!, rows[1]!, raw[2]!]);
    const some = await receiptOf('--replay', 'mended.csv');
    expect(some).toMatchObject({
      outcome: 'published',
      rows: { read: 500, scored: 499, rejected: 1 },
      rejects: { not_a_number: 1 },
      input: { fingerprint: first.input.fingerprint },
      replaced_attempt_id: first.attempt_id,
      replay: { fingerprint: expect.stringMatching(/^sha256:/) as string },
    });
    expect(some.replay!.file).toContain('mended.csv');
    const kept = await predawn('rejects', some.attempt_id, '--json');
    expect(
      (JSON.parse(kept.stdout) as { rejects: { raw: string }[] }).rejects.map((each) => each.raw),
    ).toEqual([raw[2]]);

    await mend(rows);
    const all = await receiptOf('--replay', 'mended.csv');
    expect(all.rows).toEqual({ read: 500, scored: 500, rejected: 0 });
    expect(await slice()).toBe(whole);
    // The same again, and the day's ordinary run, find their work done.
    expect((await receiptOf('--replay', 'mended.csv')).outcome).toBe('unchanged');
    expect((await receiptOf()).outcome).toBe('unchanged');
    expect(await slice()).toBe(whole);
    expect((await predawn('show', all.attempt_id)).stdout).toMatch(/replayed +mended\.csv {2}sha256:/);

    expect((await predawn('restore', 'churn', '--attempt', first.attempt_id)).code).toBe(0);
    expect(await slice()).toBe(without);
  });

  it('publish a date that failed from too many rejects', async () => {
    await receiptOf('--dry-run');
    const rows = await breakRows();
    expect(await problemOf()).toEqual([65, 'gate.rejects']);
    await exportRejects();
    expect(await problemOf('--replay', 'mended.csv')).toEqual([65, 'gate.rejects']);
    await mend(rows);
    const { rows: counts, outcome } = await receiptOf('--replay', 'mended.csv');
    expect([outcome, counts]).toEqual(['published', { read: 500, scored: 500, rejected: 0 }]);
  });

  it('are refused where a row is missing, is another one, or has other columns', async () => {
    const rows = await breakRows();
    await problemOf();
    await exportRejects();
    await mend(rows.slice(1));
    expect(await problemOf('--replay', 'mended.csv')).toEqual([65, 'replay.rows']);
    const other = (await destination.project.read(INPUT)).split('\n')[1]!;
    await mend([rows[0]!, rows[1]!, other]);
    expect(await problemOf('--replay', 'mended.csv')).toEqual([65, 'gate.duplicate_keys']);
    await destination.project.write('mended.csv', 'customer_id,tenure_months\nC-1,3\n');
    expect((await score('--replay', 'mended.csv', '--json')).code).toBe(64);
    expect((await score('--replay', 'nowhere.csv')).code).toBe(66);
    expect((await score('--replay', 'mended.csv', '--shards', '2')).code).toBe(64);
    expect((await attempts()).every(({ status }) => status === 'failed')).toBe(true);
  });
});
