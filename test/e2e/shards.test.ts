import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { customerCsvChunks } from '../../data-samples/generate.js';
import type { Receipt } from '../../src/domain/receipt.js';
import { REPOSITORY } from '../helpers/cli.js';
import { type InProcessResult, runInProcess } from '../helpers/in-process.js';
import { SAMPLE_DATE } from '../helpers/project.js';
import { type Destination, DESTINATIONS, type Slice } from './destinations.js';

const ROWS = 3_000;
const INPUT = `data-samples/churn/${SAMPLE_DATE}.csv`;
const JOB = 'jobs/churn.yaml';

const csv = (seed: number, rows = ROWS) => [...customerCsvChunks({ asOf: SAMPLE_DATE, rows, seed })].join('');

describe.each(Object.keys(DESTINATIONS))('a run in shards, to %s', (kind) => {
  let destination: Destination;
  beforeEach(async () => {
    destination = await DESTINATIONS[kind]!();
    await destination.project.write(INPUT, csv(1));
  });
  afterEach(() => destination.drop());

  it('publishes the rows of a run in one piece, and gives its figures', async () => {
    const whole = await receiptOf('run', ...DATE);
    const before = await slice();
    const sharded = await receiptOf('run', ...DATE, '--shards', '7', '--force');
    expect(await slice()).toBe(before);
    expect(sharded).toMatchObject({ outcome: 'published', shards: 7, replaced_attempt_id: whole.attempt_id });
    expect(sharded.changes!.inserted).toBe(sharded.changes!.deleted);
    expect(figures(sharded)).toEqual(figures(whole));
    // The same input is published: whichever way it is asked for, there is nothing to do.
    expect(await receiptOf('run', ...DATE, '--shards', '3')).toMatchObject({ outcome: 'unchanged' });
    expect(await receiptOf('run', ...DATE)).toMatchObject({ outcome: 'unchanged' });
  });

  it('counts rejects and finds gates as a run in one piece does, with the lines of the whole file', async () => {
    const lines = csv(2).split('\n');
    const spoil = (line: number) => {
      lines[line - 1] = lines[line - 1]!.replace(/,\d+\.\d\d,/, ',abc,');
    };
    [5, 1500, 1501, 2990].forEach(spoil);
    await destination.project.write(INPUT, lines.join('\n'));
    const refused = await errorOf(65, 'run', ...DATE);
    expect(await errorOf(65, 'run', ...DATE, '--shards', '5')).toEqual(refused);
    expect(refused.code).toBe('gate.rejects');
    // Nothing is left to be resumed: it would fail again.
    expect(await errorOf(64, 'run', ...DATE, '--resume')).toMatchObject({ code: 'resume.nothing' });

    await destination.project.edit(JOB, 'rejects: 0', 'rejects: 10');
    const whole = await receiptOf('run', ...DATE);
    const sharded = await receiptOf('run', ...DATE, '--shards', '5', '--force');
    expect(whole.rows.rejected).toBe(4);
    expect(figures(sharded)).toEqual(figures(whole));
  });

  it('finds keys that two shards have', async () => {
    const text = csv(3);
    const lines = text.trimEnd().split('\n');
    await destination.project.write(INPUT, `${text}${lines[1]}\n`);
    const refused = await errorOf(65, 'run', ...DATE);
    expect(refused.code).toBe('gate.duplicate_keys');
    expect(await errorOf(65, 'run', ...DATE, '--shards', '4')).toEqual(refused);
  });

  it('killed between two shards, it goes on with the missing ones: by itself, or with --resume', async () => {
    for (const again of [
      ['--shards', '24'],
      ['--resume'],
      // Another number is for another attempt: this one keeps its own.
      ['--shards', '5'],
    ]) {
      await destination.project.write(INPUT, csv(10 + again.join().length));
      const running = destination.project.start('run', 'churn', ...DATE.slice(1), '--shards', '24');
      await running.logged('shard');
      running.child.kill('SIGKILL');
      const { signal, stderr } = await running.finished;
      expect(signal).toBe('SIGKILL');
      const attempt = /"attemptId":"([0-9a-f-]{36})"/.exec(stderr)![1];
      const [open] = (await json('runs')) as { shards: { count: number; committed: number } }[];
      expect(open).toMatchObject({ attempt_id: attempt, status: 'open', shards: { count: 24 } });
      expect(open!.shards.committed).toBeGreaterThan(0);
      expect(open!.shards.committed).toBeLessThan(24);

      const receipt = await receiptOf('run', ...DATE, ...again);
      expect(receipt).toMatchObject({ outcome: 'published', shards: 24, attempt_id: attempt });
      expect(receipt.rows.scored).toBe(ROWS);
      await expectAsInOnePiece();
    }
  }, 120_000);

  it('begins anew where the input changed since, and --resume says so', async () => {
    await plan(6, 2);
    await destination.project.write(INPUT, csv(4));
    expect(await errorOf(64, 'run', ...DATE, '--resume')).toMatchObject({
      code: 'resume.changed',
      message: expect.stringMatching(/can't be resumed: input changed/) as string,
    });
    const attempt = await plan(3, 1);
    expect(await receiptOf('run', ...DATE, '--shards', '6')).toMatchObject({
      shards: 3,
      attempt_id: attempt,
    });
  });

  it.each([
    ['job file', () => destination.project.edit(JOB, 'min_rows: 1', 'min_rows: 2')],
    ['artefact', makeAnotherModelLive],
  ] as const)('begins anew where the %s changed since, and --resume says so', async (what, change) => {
    const other = await plan(6, 2);
    await change();
    expect(await errorOf(64, 'run', ...DATE, '--resume')).toMatchObject({
      code: 'resume.changed',
      message: expect.stringContaining(`can't be resumed: ${what} changed`) as string,
    });
    const receipt = await receiptOf('run', ...DATE, '--shards', '4');
    expect(receipt).toMatchObject({ outcome: 'published', shards: 4 });
    expect(receipt.attempt_id).not.toBe(other);
    expect(await json('show', other)).toMatchObject({
      status: 'failed',
      error: { code: 'attempt.superseded' },
    });
    await expectAsInOnePiece();
  });

  it('can wait to be published', async () => {
    const { attempt_id } = await receiptOf('run', ...DATE, '--shards', '4', '--stage-only');
    expect(await slice()).toBeUndefined();
    expect((await run('publish', attempt_id, '--quiet')).code).toBe(0);
    await expectAsInOnePiece();
  });

  describe('by plan, score and publish', () => {
    it('gives the rows of a run in one piece; each command again changes nothing', async () => {
      const attempt = await plan(5, 0);
      expect(await json('plan', ...DATE, '--shards', '9')).toMatchObject({ attempt_id: attempt, shards: 5 });
      for (const shard of [4, 2, 0, 1]) await score(attempt, shard, 'committed');
      expect(await json('plan', ...DATE, '--shards', '5')).toMatchObject({ missing: [3] });
      expect(await errorOf(75, 'publish', attempt)).toMatchObject({ code: 'shards.missing' });
      await score(attempt, 3, 'committed');
      expect(await score(attempt, 3, 'present')).toMatchObject({ rows: null, missing: [] });

      // Whatever the machine that publishes has of the input.
      await destination.project.write(INPUT, 'gone\n');
      const receipt = await receiptOf('publish', attempt);
      expect(receipt).toMatchObject({ outcome: 'published', attempt_id: attempt, shards: 5 });
      expect(receipt.how_to_look).toContain('churn_predictions');
      expect(await receiptOf('publish', attempt)).toMatchObject({ outcome: 'unchanged' });
      expect(await score(attempt, 3, 'late')).toMatchObject({ status: 'published' });

      await destination.project.write(INPUT, csv(1));
      expect(await json('plan', ...DATE, '--shards', '5')).toMatchObject({
        outcome: 'unchanged',
        missing: [],
      });
      await expectAsInOnePiece();
    });

    it('what is planned when it was published already needs no shards', async () => {
      await receiptOf('run', ...DATE);
      const { attempt_id } = (await json('plan', ...DATE, '--shards', '4')) as { attempt_id: string };
      await score(attempt_id, 0, 'late');
      expect(await receiptOf('publish', attempt_id)).toMatchObject({ outcome: 'unchanged' });
    });

    it('says what does not fit: the shard, the job file, the input, the attempt', async () => {
      const attempt = await plan(3, 0);
      expect(await scoreError(64, attempt, '3')).toMatchObject({ code: 'shard.unknown' });
      expect(await scoreError(64, attempt, '-1')).toMatchObject({ code: 'commander.invalidArgument' });
      await destination.project.write(INPUT, csv(1).replaceAll(',12.', ',13.'));
      expect(await scoreError(66, attempt, '0')).toMatchObject({ code: 'input.changed' });
      await destination.project.write(INPUT, csv(1));
      await destination.project.edit(JOB, 'min_rows: 1', 'min_rows: 2');
      expect(await scoreError(78, attempt, '0')).toMatchObject({
        code: 'attempt.changed',
        message: expect.stringMatching(/job file/) as string,
      });
      await destination.project.edit(JOB, 'min_rows: 2', 'min_rows: 1');
      await score(attempt, 0, 'committed');
      const { attempt_id } = await receiptOf('run', ...DATE);
      expect(await scoreError(64, attempt_id, '0')).toMatchObject({ code: 'attempt.in_one_piece' });
      await score(attempt, 1, 'late');
      expect(await errorOf(64, 'publish', attempt)).toMatchObject({ code: 'attempt.status' });
    });

    it('text for people says what happened and what comes next', async () => {
      const planned = await run('plan', ...DATE, '--shards', '2');
      expect(planned.stdout).toContain(`churn ${SAMPLE_DATE} planned in 2 shards, 0 of them scored`);
      const [, next] = /Next: predawn (.*)\n/.exec(planned.stdout)!;
      const scored = await run(...next!.split(' '));
      expect(scored.stdout).toMatch(/shard 0 committed: [\d,]+ rows scored, 0 rejected\n {2}1 of 2 shards/);
      const [, last] = /Next: predawn (.*)\n/.exec(scored.stdout)!;
      expect((await run('runs')).stdout).toContain('open (1 of 2 shards)');
      const ready = await run(...last!.split(' '));
      const [, publish] = /Next: predawn (publish .*)\n/.exec(ready.stdout)!;
      expect((await run(...publish!.split(' '))).stdout).toMatch(/published\n[^]*shards +2\n/);
    });
  });

  const DATE = ['churn', '--date', SAMPLE_DATE];

  function run(...args: string[]): Promise<InProcessResult> {
    return runInProcess(args, { cwd: destination.project.folder, env: destination.env });
  }

  async function json(...args: string[]): Promise<unknown> {
    const { code, stdout, stderr } = await run(...args, '--json');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    return JSON.parse(stdout);
  }

  async function receiptOf(...args: string[]): Promise<Receipt> {
    return (await json(...args)) as Receipt;
  }

  async function errorOf(expected: number, ...args: string[]): Promise<{ code: string; message: string }> {
    const { code, stdout, stderr } = await run(...args, '--json');
    expect(code, stderr).toBe(expected);
    if (stdout === '') return { code: 'commander.invalidArgument', message: stderr };
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
    // The attempt in it is another each time.
    return { code: error.code, message: error.message.replaceAll(/[0-9a-f-]{36}/g, 'ID') };
  }

  function scoreError(expected: number, attempt: string, shard: string) {
    return errorOf(expected, 'score', '--attempt', attempt, '--shard', shard);
  }

  /** Plans an attempt of `shards`, and scores the first `scored` of them. */
  async function plan(shards: number, scored: number): Promise<string> {
    const planned = (await json('plan', ...DATE, '--shards', String(shards))) as { attempt_id: string };
    for (let shard = 0; shard < scored; shard++) await score(planned.attempt_id, shard, 'committed');
    return planned.attempt_id;
  }

  async function score(attempt: string, shard: number, outcome: string): Promise<unknown> {
    const report = await json('score', '--attempt', attempt, '--shard', String(shard));
    expect(report).toMatchObject({ outcome, shard, attempt_id: attempt });
    return report;
  }

  async function slice(): Promise<Slice> {
    const [reader, ...others] = await destination.readers();
    try {
      return await reader!.read();
    } finally {
      for (const each of [reader!, ...others]) await each.close();
    }
  }

  /** The same model with a description of its own: other bytes, the same scores. */
  async function makeAnotherModelLive(): Promise<void> {
    const model = await readFile(path.join(REPOSITORY, 'data-samples/churn/model.onnx'));
    const description = Buffer.from('another');
    // ModelProto.doc_string, field 6.
    const bytes = Buffer.concat([model, Buffer.from([(6 << 3) | 2, description.length]), description]);
    await writeFile(path.join(destination.project.folder, 'another.onnx'), bytes);
    for (const args of [
      ['add', 'churn', 'another.onnx'],
      ['promote', 'churn', '2', '--to', 'dev'],
    ])
      expect(await run('model', ...args)).toMatchObject({ code: 0 });
  }

  /** What is published is what a run in one piece would publish of the same input. */
  async function expectAsInOnePiece(): Promise<void> {
    const before = await slice();
    expect(before!.split('\n')).toHaveLength(ROWS);
    await receiptOf('run', ...DATE, '--force');
    expect(await slice()).toBe(before);
  }
});

/** What two receipts of the same input have in common, in whatever pieces it was scored. */
function figures(receipt: Receipt): unknown {
  const { rows, rejects, inexact_integers, input, warnings, unused_columns, artefact, output } = receipt;
  const { columns, location, rows: staged } = output;
  return {
    ...{ rows, rejects, inexact_integers, input, warnings, unused_columns, artefact },
    ...{ columns, location, staged },
  };
}
