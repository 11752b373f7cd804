import { spawn } from 'node:child_process';
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAIN } from '../helpers/cli.js';
import { SAMPLE_DATE, sampleProject, type TestProject } from '../helpers/project.js';

/** Who may read what predawn writes, whatever the umask of whoever starts it; docs/security.md has the same in words. */
let project: TestProject;
beforeEach(async () => {
  project = await sampleProject({
    settings: `registry: ./registry
cache: ./cache
workers: 1
environments:
  dev:
    destination: ./predictions
    notify:
      prometheus: { textfile: ./metrics }
      openlineage: { file: ./lineage.ndjson }
`,
  });
  await project.write('metrics/.keep', '');
});
afterEach(() => project.drop());

/** Runs the program from a shell that sets the umask, since a process can't be started with one. */
async function predawn(umask: string, ...args: string[]): Promise<number | null> {
  const child = spawn('/bin/sh', ['-c', `umask ${umask}; exec "$@"`, 'sh', process.execPath, MAIN, ...args], {
    cwd: project.folder,
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], TMPDIR: project.folder },
  });
  return new Promise((resolve) => child.once('close', resolve));
}

/** Every file and folder beneath one, with its mode, as `755 path`. */
async function modesBeneath(folder: string): Promise<{ path: string; mode: number; isFolder: boolean }[]> {
  const root = path.join(project.folder, folder);
  const names = await readdir(root, { recursive: true });
  return Promise.all(
    ['', ...names].map(async (name) => {
      const found = await lstat(path.join(root, name));
      return { path: path.join(folder, name), mode: found.mode & 0o777, isFolder: found.isDirectory() };
    }),
  );
}

const modeOf = async (file: string) => (await lstat(path.join(project.folder, file))).mode & 0o777;
/** Bits that those have who are neither owner nor of the group. */
const OTHERS = 0o007;
const octal = (mode: number) => mode.toString(8);

describe.each(['000', '022'])('with umask %s', { timeout: 120_000 }, (umask) => {
  const masked = (mode: number) => octal(mode & ~Number.parseInt(umask, 8));

  it('nobody but owner and group reads predictions, rejects and the ledger', async () => {
    expect(await predawn(umask, 'run', 'churn', '--date', SAMPLE_DATE, '--report', 'report.json')).toBe(0);
    expect(await predawn(umask, 'run', 'churn', '--date', '2026-11-20', '--shards', '2')).toBe(0);
    // A row that can't be scored: kept among the rejects, and exported.
    const input = 'data-samples/churn/2026-11-19.csv';
    await project.edit(input, /^C-0000002,.*$/m, 'C-0000002,x');
    expect(await predawn(umask, 'run', 'churn', '--date', '2026-11-19')).toBe(65);
    expect(await predawn(umask, 'run', 'churn', '--date', SAMPLE_DATE, '--force', '--stage-only')).toBe(0);

    const found = await modesBeneath('predictions');
    expect(found.filter(({ path: file }) => file.endsWith('.parquet')).length).toBeGreaterThan(2);
    expect(found.some(({ path: file }) => /rejects\/.*\.csv$/.test(file))).toBe(true);
    expect(found.some(({ path: file }) => /ledger\/.*\.json$/.test(file))).toBe(true);
    for (const { path: file, mode, isFolder } of found)
      expect(`${octal(mode)} ${file}`).toBe(`${masked(isFolder ? 0o750 : 0o640)} ${file}`);
    expect(octal(await modeOf('report.json'))).toBe(masked(0o640));
    expect(octal(await modeOf('lineage.ndjson'))).toBe(masked(0o640));
    // For node_exporter, which is somebody else.
    expect(octal(await modeOf('metrics/predawn_dev_churn.prom'))).toBe(masked(0o644));
  });

  it('nobody at all writes a version of a model, and only its owner exports rejects', async () => {
    expect(await predawn(umask, 'model', 'add', 'other', 'data-samples/churn/model.onnx')).toBe(0);
    expect(await predawn(umask, 'model', 'export', 'other', '1', 'other.predawn')).toBe(0);
    for (const { path: file, mode, isFolder } of await modesBeneath('registry/other'))
      if (!isFolder) expect(`${octal(mode & 0o222)} ${file}`).toBe(`0 ${file}`);
    expect((await modeOf('other.predawn')) & 0o022).toBe(0);
    for (const { path: file, mode } of await modesBeneath('registry/other'))
      expect(`${octal(mode & 0o002)} ${file}`).toBe(`0 ${file}`);
  });
});

it('what is not published is staged where nobody else looks', async () => {
  expect(await predawn('000', 'run', 'churn', '--date', SAMPLE_DATE, '--dry-run')).toBe(0);
  const left = (await readdir(project.folder)).filter((name) => name.startsWith('predawn-'));
  expect(left).toEqual([]);
  await project.edit('predawn.yaml', 'lineage.ndjson', 'checked.ndjson');
  await predawn('000', 'validate', '--date', SAMPLE_DATE);
  expect((await modeOf('checked.ndjson')) & OTHERS).toBe(0);
});
