import { stat } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createDatabase } from '../helpers/postgres.js';
import { runInProcess } from '../helpers/in-process.js';
import { SAMPLE_DATE, sampleProject, type TestProject } from '../helpers/project.js';

const INPUT = `data-samples/churn/${SAMPLE_DATE}.csv`;
const SETTINGS = 'registry: ./registry\nworkers: 1\nenvironments:\n  dev:\n    destination: ${DESTINATION}\n';
const CUT = 60;

interface Reject {
  readonly line: number;
  readonly column: string | null;
  readonly code: string;
  readonly raw: string;
}

const undone: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of undone.splice(0).reverse()) await undo();
});

async function openProject(destination: 'files' | 'postgres') {
  const database = destination === 'postgres' ? await createDatabase() : undefined;
  if (database !== undefined) undone.push(() => database.drop());
  const project = await sampleProject({ settings: SETTINGS });
  undone.push(() => project.drop());
  const env = { DESTINATION: database?.url ?? './out' };
  const run = (...args: string[]) => runInProcess(args, { cwd: project.folder, env });
  const newest = async () => {
    const { stdout } = await run('runs', '--json');
    return (JSON.parse(stdout) as { attempt_id: string; status: string }[])[0]!;
  };
  return { project, run, newest };
}

/** Cuts the last field off the first rows; a field of one of them has what would steer a terminal. */
async function breakRows(project: TestProject): Promise<string[]> {
  const [header, ...records] = (await project.read(INPUT)).trim().split('\n');
  const broken = records.map((record, row) =>
    row < CUT ? record.slice(0, record.lastIndexOf(',')) : record,
  );
  broken[1] = broken[1]!.replace('C-', '\u001b[31mC-');
  await project.write(INPUT, `${[header, ...broken].join('\n')}\n`);
  return [header!, ...broken.slice(0, CUT)];
}

describe.each(['files', 'postgres'] as const)('predawn rejects, %s', (destination) => {
  it('shows, lists and exports what a failed attempt could not score', async () => {
    const { project, run, newest } = await openProject(destination);
    const [header, ...broken] = await breakRows(project);
    expect((await run('run', 'churn', '--date', SAMPLE_DATE)).code).toBe(65);
    const { attempt_id: id, status } = await newest();
    expect(status).toBe('failed');

    const table = await run('rejects', id.slice(0, 13));
    expect(table).toMatchObject({ code: 0, stderr: '' });
    expect(table.stdout).toContain(`Rejected rows of attempt ${id} (churn ${SAMPLE_DATE}, failed)`);
    expect(table.stdout).toMatch(/^ *2 +field_count +C-0000002,"Rossi/m);
    expect(table.stdout).toContain('\\u{1b}[31mC-');
    expect(table.stdout).not.toContain('\u001b');
    expect(table.stdout.match(/field_count/g)).toHaveLength(50);
    expect(table.stdout).toContain('The first 50; --all shows all of them.');
    expect((await run('rejects', id, '--all')).stdout.match(/field_count/g)).toHaveLength(CUT);
    expect((await run('rejects', id, '--quiet')).stdout).toBe('');

    const json = await run('rejects', id, '--json');
    const found = JSON.parse(json.stdout) as { attempt_id: string; rejects: Reject[] };
    expect(found).toMatchObject({ attempt_id: id, job: 'churn', as_of: SAMPLE_DATE, status: 'failed' });
    expect(found.rejects.map(({ raw }) => raw)).toEqual(broken);
    expect(found.rejects[0]).toMatchObject({ line: 2, column: null, code: 'field_count' });

    const exported = await run('rejects', id, '--csv', 'rejected.csv');
    expect(exported).toMatchObject({ code: 0, stderr: '' });
    expect(exported.stdout).toContain(`Wrote ${CUT} rejected rows`);
    expect(await project.read('rejected.csv')).toBe(`${[header, ...broken].join('\n')}\n`);
    expect((await stat(path.join(project.folder, 'rejected.csv'))).mode & 0o777).toBe(0o600);
  });
});

describe('predawn rejects', () => {
  it('writes a file that a run reads in place of the input', async () => {
    const { project, run, newest } = await openProject('files');
    await breakRows(project);
    await project.edit('jobs/churn.yaml', 'rejects: 0', 'rejects: 100%');
    expect((await run('run', 'churn', '--date', SAMPLE_DATE)).code).toBe(0);
    const { attempt_id: id } = await newest();
    expect((await run('rejects', id)).stdout).toContain(`The first 50 of ${CUT}`);
    expect((await run('rejects', id, '--csv', INPUT)).code).toBe(0);
    // Mended where it was broken: the last field is there again.
    const [header, ...records] = (await project.read(INPUT)).trim().split('\n');
    await project.write(INPUT, `${[header, ...records.map((record) => `${record},3`)].join('\n')}\n`);
    const again = await run('run', 'churn', '--date', SAMPLE_DATE, '--dry-run', '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ rows: { read: CUT, scored: CUT, rejected: 0 } });
  });

  it('says so where there are none, where they are gone, and for an attempt that found its work done', async () => {
    const { project, run, newest } = await openProject('files');
    expect((await run('run', 'churn', '--date', '2026-11-20')).code).toBe(0);
    expect((await run('rejects', (await newest()).attempt_id)).stdout).toMatch(
      /^No rejected rows are kept of/,
    );

    await breakRows(project);
    await project.edit('jobs/churn.yaml', 'rejects: 0', 'rejects: 100%');
    for (const status of ['published', 'unchanged']) {
      expect((await run('run', 'churn', '--date', SAMPLE_DATE)).code).toBe(0);
      const newer = await newest();
      expect(newer.status).toBe(status);
      expect((await run('rejects', newer.attempt_id)).stdout.match(/field_count/g)).toHaveLength(50);
    }
    expect((await run('rejects', '0199f2a1')).code).toBe(64);
    const unwritable = await run('rejects', (await newest()).attempt_id, '--csv', 'no/such/folder.csv');
    expect(unwritable.code).toBe(64);
    expect(unwritable.stderr).toContain('no/such/folder.csv can’t be written'.replace('’', "'"));
  });

  it('keeps what was written before where a record was cut short, and refuses a damaged file', async () => {
    const { project, run, newest } = await openProject('files');
    await breakRows(project);
    expect((await run('run', 'churn', '--date', SAMPLE_DATE)).code).toBe(65);
    const { attempt_id: id } = await newest();
    const file = `out/_predawn/churn/rejects/${SAMPLE_DATE}/${id}.csv`;
    const whole = await project.read(file);
    for (const end of ['99,tenure', '99,tenure,missing,"C-']) {
      await project.write(file, whole + end);
      const { rejects } = JSON.parse((await run('rejects', id, '--json')).stdout) as { rejects: Reject[] };
      expect(rejects).toHaveLength(CUT);
    }
    await project.write(file, whole.replace('field_count,', ''));
    const damaged = await run('rejects', id, '--all');
    expect(damaged.code).toBe(65);
    expect(damaged.stderr).toContain('files.rejects_damaged');
  });
});
