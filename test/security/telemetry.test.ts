import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { GOLDEN, SAMPLE_DATE, sampleProject, type TestProject } from '../helpers/project.js';

/** onnxruntime's own telemetry, which is on unless told: it leaves a database, an identifier and logs before it sends. */
let elsewhere: string;
let project: TestProject;
beforeEach(async () => {
  elsewhere = await mkdtemp(path.join(tmpdir(), 'predawn-elsewhere-'));
  project = await sampleProject({ env: { HOME: elsewhere, TMPDIR: elsewhere } });
});
afterEach(async () => {
  await project.drop();
  await rm(elsewhere, { recursive: true });
});

it('has nothing to tell anybody: a model is added and run without a trace outside the project', async () => {
  const { code } = await project.run('model', 'add', 'other', 'data-samples/churn/model.onnx', ...GOLDEN);
  expect(code).toBe(0);
  expect(await project.run('run', 'churn', '--date', SAMPLE_DATE)).toMatchObject({ code: 0 });
  expect(await readdir(elsewhere, { recursive: true })).toEqual([]);
});
