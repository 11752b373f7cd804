import { chmodSync } from 'node:fs';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSealed, sealRecord } from '../../src/domain/sealed-record.js';
import { runInProcess } from '../helpers/in-process.js';
import { SAMPLE_DATE, sampleProject, type TestProject } from '../helpers/project.js';

/** The sample's model is churn@1, live in dev. */
let project: TestProject;
beforeEach(async () => {
  project = await sampleProject();
});
afterEach(() => project.drop());

const predawn = (...args: string[]) => runInProcess(args, { cwd: project.folder, env: {} });
const run = () => predawn('run', 'churn', '--date', SAMPLE_DATE);
const version = (number: number) => path.join(project.folder, 'registry/churn', String(number));

/** A second version, which nobody promoted: the first one's, with one bit of a name in it changed. */
async function addAnother() {
  const model = path.join(project.folder, 'registry/churn/1/model.onnx');
  const bytes = await readFile(model).catch(() => readFile(path.join(project.folder, 'copy.onnx')));
  const at = bytes.indexOf('skl2onnx');
  expect(at).toBeGreaterThan(0);
  bytes.write('SKL2onnx', at, 'latin1');
  await writeFile(path.join(project.folder, 'another.onnx'), bytes);
  return predawn('model', 'add', 'churn', 'another.onnx', '--json');
}

describe('a live version whose folder is gone', () => {
  beforeEach(async () => {
    await cp(path.join(version(1), 'model.onnx'), path.join(project.folder, 'copy.onnx'));
    await rm(version(1), { recursive: true });
  });

  it('stops the run and is not replaced by the next one added', async () => {
    expect(await run()).toMatchObject({ code: 76, stderr: expect.stringContaining(version(1)) as string });
    const added = await addAnother();
    expect(JSON.parse(added.stdout)).toMatchObject({ created: true, manifest: { version: 2 } });
    expect(await run()).toMatchObject({ code: 76 });
  });

  it('is listed as damaged; one never made is unknown', async () => {
    const list = await predawn('model', 'list');
    expect(list).toMatchObject({ code: 0 });
    expect(list.stdout).toMatch(/churn +1 +dev.*damaged/);
    expect(await predawn('model', 'show', 'churn', '1')).toMatchObject({ code: 76 });
    expect(await predawn('model', 'show', 'churn', '7')).toMatchObject({ code: 78 });
  });
});

it('a live version that was replaced by another is not scored with', async () => {
  await addAnother();
  await rm(version(1), { recursive: true });
  await cp(version(2), version(1), { recursive: true });
  const manifest = path.join(version(1), 'manifest.json');
  chmodSync(manifest, 0o644);
  const record = openSealed(await readFile(manifest)) as object;
  await writeFile(manifest, sealRecord({ ...record, version: 1 }));
  const ran = await run();
  expect(ran).toMatchObject({ code: 76, stderr: expect.stringContaining('artefact.digest') as string });
  expect(ran.stderr).toContain('live in dev');
  const [listed] = JSON.parse((await predawn('model', 'list', '--json')).stdout) as unknown[];
  expect(listed).toMatchObject({
    version: 1,
    environments: ['dev'],
    problem: { code: 'artefact.digest', message: expect.stringContaining('replaced') as string },
  });
});

it('a damaged version that is not in use leaves the others listed and live', async () => {
  await addAnother();
  const manifest = path.join(version(2), 'manifest.json');
  chmodSync(manifest, 0o644);
  await writeFile(manifest, '{');
  const list = await predawn('model', 'list');
  expect(list).toMatchObject({ code: 0 });
  expect(list.stdout).toMatch(/churn +1 +dev/);
  expect(list.stdout).toMatch(/churn +2 .*damaged: see predawn model show churn 2/);
  expect(await predawn('model', 'show', 'churn', '2')).toMatchObject({ code: 76 });
  expect(await predawn('model', 'show', 'churn', '1')).toMatchObject({ code: 0 });
  expect(await run()).toMatchObject({ code: 0 });
});
