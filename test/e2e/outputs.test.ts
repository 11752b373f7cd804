import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { lstat, mkdir, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAIN } from '../helpers/cli.js';
import { filesBeneath, SAMPLE_DATE, sampleProject, succeed, type TestProject } from '../helpers/project.js';

/** What a run writes beside the table, and that none of it can change the outcome. */
let project: TestProject;
beforeEach(async () => {
  project = await sampleProject();
});
afterEach(() => project.drop());

const RUN = ['run', 'churn', '--date', SAMPLE_DATE];
const inProject = (file: string) => path.join(project.folder, file);
const published = async () => (await filesBeneath(inProject('predictions/churn_predictions'))).length === 1;

describe('--quiet', () => {
  it('writes nothing on success, and one readable page on failure', async () => {
    expect(await project.run(...RUN, '--quiet')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const failed = await project.run('run', 'churn', '--date', '2026-11-01', '--quiet');
    expect(failed.stderr).toMatch(/^predawn: .*\n {2}hint: .*\n {2}input\.missing, exit 66\n$/);
  });
});

describe('--report', () => {
  it('goes through a link, and stays a link', async () => {
    await mkdir(inProject('elsewhere'));
    await symlink(inProject('elsewhere/real.json'), inProject('report.json'));
    await project.write('elsewhere/real.json', 'old');
    await succeed(project, ...RUN, '--report', 'report.json', '--quiet');
    expect((await lstat(inProject('report.json'))).isSymbolicLink()).toBe(true);
    expect(JSON.parse(await project.read('elsewhere/real.json'))).toMatchObject({ outcome: 'published' });
  });

  it('goes into a pipe', async () => {
    execFileSync('mkfifo', [inProject('pipe')]);
    const reading = readFile(inProject('pipe'), 'utf8');
    await succeed(project, ...RUN, '--report', 'pipe', '--quiet');
    expect(JSON.parse(await reading)).toMatchObject({ outcome: 'published' });
    expect((await lstat(inProject('pipe'))).isFIFO()).toBe(true);
  });

  it('that cannot be written changes no exit code and leaves nothing', async () => {
    await mkdir(inProject('folder'));
    const before = (await filesBeneath(project.folder)).length;
    const { code, stderr } = await project.run(...RUN, '--report', 'folder', '--quiet');
    expect(code).toBe(0);
    expect(stderr).toContain('the report folder could not be written');
    expect((await filesBeneath(project.folder)).filter((file) => file.endsWith('.tmp'))).toEqual([]);
    expect(before).toBeGreaterThan(0);
  });
});

describe('a full disk', () => {
  it.skipIf(!existsSync('/dev/full')).each(['>/dev/full', '2>/dev/full'])(
    'under %s: still published, still 0',
    async (redirect) => {
      const command = `"${process.execPath}" "${MAIN}" ${RUN.join(' ')} ${redirect}`;
      const { PATH = '', HOME = '' } = process.env;
      const child = spawn('/bin/sh', ['-c', command], {
        cwd: project.folder,
        env: { PATH, HOME },
        stdio: 'ignore',
      });
      const code = await new Promise((resolve) => child.once('close', resolve));
      expect(code).toBe(0);
      expect(await published()).toBe(true);
    },
  );
});

describe('JSON', () => {
  it('names things as the receipt does, everywhere', async () => {
    const receipt = JSON.parse(await succeed(project, ...RUN, '--json')) as Record<string, unknown>;
    const [entry] = JSON.parse(await succeed(project, 'runs', '--json')) as Record<string, unknown>[];
    expect(entry).toMatchObject({
      attempt_id: receipt['attempt_id'],
      as_of: SAMPLE_DATE,
      status: 'published',
      is_current: true,
      receipt,
      error: null,
    });
    const shown = JSON.parse(
      await succeed(project, 'show', String(entry!['attempt_id']).slice(0, 13), '--json'),
    ) as unknown;
    expect(shown).toEqual(entry);
    const [move] = JSON.parse(await succeed(project, 'model', 'history', 'churn', '--json')) as unknown[];
    expect(move).toMatchObject({ model: 'churn', environment: 'dev', action: 'promote', from: null, to: 1 });
  });
});

describe('--dry-run and --limit', () => {
  it.each([
    ['--dry-run', 500],
    ['--limit', 120],
  ])('%s: scores and gates, publishes nothing, leaves nothing', async (option, rows) => {
    const args = option === '--limit' ? [option, String(rows)] : [option];
    const before = await filesBeneath(project.folder);
    const receipt = JSON.parse(await succeed(project, ...RUN, ...args, '--json')) as unknown;
    expect(receipt).toMatchObject({ outcome: 'dry-run', rows: { scored: rows } });
    expect(await filesBeneath(project.folder)).toEqual(before);
  });
});

describe('--force', () => {
  it('publishes the same input again, under a new attempt', async () => {
    const first = JSON.parse(await succeed(project, ...RUN, '--json')) as { attempt_id: string };
    const again = JSON.parse(await succeed(project, ...RUN, '--force', '--json')) as { attempt_id: string };
    expect(again).toMatchObject({ outcome: 'published' });
    expect(again.attempt_id).not.toBe(first.attempt_id);
  });
});

describe('model promote', () => {
  it('says when there is nothing to do', async () => {
    expect(await succeed(project, 'model', 'promote', 'churn', '1', '--to', 'dev')).toContain(
      'live in dev already',
    );
    expect(JSON.parse(await succeed(project, 'model', 'history', 'churn', '--json'))).toHaveLength(1);
  });
});
