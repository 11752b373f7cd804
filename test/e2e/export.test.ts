import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/domain/registry.js';
import { runInProcess } from '../helpers/in-process.js';
import { createDatabase } from '../helpers/postgres.js';
import { sampleProject, type TestProject } from '../helpers/project.js';

/** Each with the sample's model as churn@1. */
let project: TestProject;
beforeEach(async () => {
  project = await sampleProject();
});
afterEach(() => project.drop());

const predawn = (env: Record<string, string>, ...args: string[]) =>
  runInProcess(args, { cwd: project.folder, env });
const file = () => path.join(project.folder, 'churn-1.predawn');

interface Imported {
  readonly created: boolean;
  readonly manifest: Manifest;
  readonly exported_as: { readonly model: string; readonly version: number };
}

describe('a version in one file', () => {
  it('goes from a folder to a database and back with all its digests', async () => {
    const database = await createDatabase();
    try {
      expect(await predawn({}, 'model', 'export', 'churn', '1', 'churn-1.predawn')).toMatchObject({
        code: 0,
      });
      await project.edit('predawn.yaml', './registry', '${REGISTRY:-./registry}');
      const inDatabase = { REGISTRY: database.url };
      const first = await predawn(inDatabase, 'model', 'import', 'churn-1.predawn', '--json');
      expect(first).toMatchObject({ code: 0, stderr: '' });
      const imported = JSON.parse(first.stdout) as Imported;
      expect(imported).toMatchObject({ created: true, exported_as: { model: 'churn', version: 1 } });
      const [original] = JSON.parse((await predawn({}, 'model', 'list', '--json')).stdout) as Imported[];
      expect(imported.manifest).toEqual(original!.manifest);

      expect(await predawn(inDatabase, 'model', 'export', 'churn', '1', 'back.predawn')).toMatchObject({
        code: 0,
      });
      const back = await predawn({}, 'model', 'import', 'back.predawn', '--json');
      expect(JSON.parse(back.stdout)).toMatchObject({ created: false, manifest: { version: 1 } });
      const history = await predawn(inDatabase, 'model', 'history', 'churn', '--json');
      expect(JSON.parse(history.stdout)).toEqual([]);
      expect(history.stdout + first.stdout).not.toContain(new URL(database.url).password);
    } finally {
      await database.drop();
    }
  });

  it('gets the next number where its own is taken, and says so', async () => {
    await predawn({}, 'model', 'export', 'churn', '1', 'churn-1.predawn');
    await predawn({}, 'model', 'add', 'leavers', 'data-samples/churn/model.onnx');
    const imported = await predawn({}, 'model', 'import', 'churn-1.predawn', '--name', 'leavers');
    expect(imported).toMatchObject({ code: 0 });
    expect(imported.stdout).toContain('Imported churn@1 of the registry it was exported from as leavers@2');
  });

  it('is not written over another file', async () => {
    await project.write('churn-1.predawn', 'mine');
    expect(await predawn({}, 'model', 'export', 'churn', '1', 'churn-1.predawn')).toMatchObject({ code: 64 });
    expect(await project.read('churn-1.predawn')).toBe('mine');
  });

  it('is refused when it is damaged: cut anywhere, or with any byte of a file in it changed', async () => {
    await predawn({}, 'model', 'export', 'churn', '1', 'churn-1.predawn');
    const whole = await readFile(file());
    for (const length of [0, 1, 100, whole.length >> 1, whole.length - 1]) {
      await writeFile(file(), whole.subarray(0, length));
      expect(await predawn({}, 'model', 'import', 'churn-1.predawn'), `${length} bytes`).toMatchObject({
        code: 76,
      });
    }
    let accepted = 0;
    for (let at = 0; at < whole.length; at += 61) {
      const changed = Buffer.from(whole);
      changed[at]! ^= 0x10;
      await writeFile(file(), changed);
      const { code, stdout } = await predawn({}, 'model', 'import', 'churn-1.predawn', '--json');
      // A date or an attribute in the archive's own lists says nothing of the files.
      if (code === 0) expect(JSON.parse(stdout)).toMatchObject({ created: false, manifest: { version: 1 } });
      else expect(code, `byte ${at}`).toBe(76);
      accepted += code === 0 ? 1 : 0;
    }
    expect(accepted).toBeLessThan(10);
  });
});
