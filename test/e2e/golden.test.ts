import { chmodSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/domain/registry.js';
import { openSealed, sealRecord, sha256 } from '../../src/domain/sealed-record.js';
import { runInProcess } from '../helpers/in-process.js';
import { buildModel, buildSingle, type Dimension, type ValueSpec } from '../helpers/onnx-builder.js';
import { referenceFolder } from '../helpers/onnx-reference.js';
import { filesBeneath, GOLDEN, SAMPLE_DATE, sampleProject, type TestProject } from '../helpers/project.js';

/** The sample's model is churn@1 with its golden rows, live in dev. */
let project: TestProject;
beforeEach(async () => {
  project = await sampleProject();
});
afterEach(() => project.drop());

const predawn = (...args: string[]) => runInProcess(args, { cwd: project.folder, env: {} });
const MODEL = 'data-samples/churn/model.onnx';

async function addJson(...args: string[]): Promise<{ created: boolean; manifest: Manifest }> {
  const { code, stdout, stderr } = await predawn('model', 'add', ...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as { created: boolean; manifest: Manifest };
}

const float = (name: string, shape: readonly Dimension[]): ValueSpec => ({ name, element: 'float32', shape });

describe('model add and how its rows are distributed', () => {
  it("keeps a profile of the golden rows, or of a sample; rows of it that can't be scored are left out", async () => {
    const { manifest } = await addJson('other', MODEL, ...GOLDEN, '--job', 'churn');
    expect(manifest.profile).toEqual({ rows: 100, from: 'golden' });
    const bytes = await readFile(path.join(project.folder, 'registry/other/1/profile.json'));
    expect(manifest.files['profile.json']).toEqual({ sha256: sha256(bytes), bytes: bytes.length });

    const day = await project.read(`data-samples/churn/${SAMPLE_DATE}.csv`);
    await project.write('sample.csv', day.replace(/^(C-[^\n]*),(\d+),(\d+\.\d\d),/m, '$1,many,$3,'));
    const args = ['model', 'add', 'other', MODEL, ...GOLDEN, '--job', 'churn', '--profile', 'sample.csv'];
    const added = await predawn(...args);
    expect(added.stdout).toContain("1 rows of sample.csv can't be scored, and are not in the profile.");
    const shown = await predawn('model', 'show', 'other', '2');
    expect(shown.stdout).toContain(
      'profile: how scores and features are distributed in 499 rows of a sample',
    );
    // Nobody's name or key is in it.
    const profile = await project.read('registry/other/2/profile.json');
    expect(profile).not.toMatch(/C-\d|Rossi/);
    expect(profile).toContain('month-to-month');
    // Once there is a profile, the same without a sample is that version.
    expect(await addJson('other', MODEL, ...GOLDEN, '--job', 'churn')).toMatchObject({ created: false });
  });

  it('keeps a profile without golden rows; a sample without a row that can be scored is refused', async () => {
    const day = `data-samples/churn/${SAMPLE_DATE}.csv`;
    const { manifest } = await addJson('other', MODEL, '--profile', day, '--job', 'churn');
    expect(manifest).toMatchObject({ profile: { rows: 500, from: 'sample' } });
    expect((await predawn('model', 'show', 'churn')).stdout).toContain('in 100 golden rows');
    await project.write('none.csv', `${(await project.read(day)).split('\n', 1)[0]!}\n`);
    const refused = await predawn('model', 'add', 'other', MODEL, '--profile', 'none.csv', '--job', 'churn');
    expect(refused.code).toBe(76);
    expect(refused.stderr).toContain('none.csv has no row that can be scored');
  });
});

describe('model add with golden rows', () => {
  it('keeps them, and what is expected of them, in the version', async () => {
    const { manifest } = await addJson('other', MODEL, ...GOLDEN, '--job', 'churn', '--note', 'n');
    expect(manifest.golden).toEqual({
      rows: 100,
      tolerance: { relative: 1e-5, absolute: 1e-6 },
      expectedFrom: 'given',
    });
    const bytes = await readFile(path.join(project.folder, 'registry/other/1/golden.json'));
    expect(manifest.files['golden.json']).toEqual({ sha256: sha256(bytes), bytes: bytes.length });
    const shown = await predawn('model', 'show', 'other');
    expect(shown.stdout).toContain('verified with 100 golden rows against given outputs');
  });

  it('expects what onnxruntime gives where nothing else is given, and says so', async () => {
    const { manifest } = await addJson('other', MODEL, ...GOLDEN.slice(0, 2), '--tolerance', '0');
    expect(manifest.golden).toMatchObject({
      expectedFrom: 'runtime',
      tolerance: { relative: 0, absolute: 0 },
    });
    expect((await predawn('model', 'show', 'other')).stdout).toMatch(/against what onnxruntime-node .* gave/);
  });

  it('records what was not given of the outputs, and says which', async () => {
    const rows = (await project.read('data-samples/churn/expected.csv')).trim().split('\n');
    const some = rows.map((line) => line.split(',')).map(([key, , , yes]) => `${key},${yes}`);
    await project.write('some.csv', `${some.join('\n').replace('probability_yes', 'churn_probability')}\n`);
    const { manifest } = await addJson('churn', MODEL, ...GOLDEN.slice(0, 2), '--expected', 'some.csv');
    expect(manifest.golden).toMatchObject({ recorded: ['label', 'probability_no'] });
  });

  it('returns the same version for the same model and rows, makes another for other rows, never promotes', async () => {
    expect(await addJson('churn', MODEL, ...GOLDEN)).toMatchObject({
      created: false,
      manifest: { version: 1 },
    });
    expect(await addJson('churn', MODEL)).toMatchObject({ created: false, manifest: { version: 1 } });
    const other = await predawn('model', 'add', 'churn', MODEL, ...GOLDEN.slice(0, 2));
    expect(other).toMatchObject({ code: 0 });
    expect(other.stdout).toContain('Registered churn@2: the model of churn@1, which stays as it is');
    const wider = await addJson('churn', MODEL, ...GOLDEN, '--tolerance', 'relative=1e-4');
    expect(wider).toMatchObject({ created: true, manifest: { version: 3 } });
    expect(wider.manifest.golden?.tolerance).toEqual({ relative: 1e-4, absolute: 1e-6 });
    const history = JSON.parse((await predawn('model', 'history', 'churn', '--json')).stdout) as unknown[];
    expect(history).toHaveLength(1);
  });

  it('marks a version without them as unverified', async () => {
    const { manifest } = await addJson('other', MODEL);
    expect(manifest.golden).toBeUndefined();
    expect((await predawn('model', 'show', 'other')).stdout).toContain('unverified');
    expect((await predawn('model', 'list')).stdout).toMatch(/other +1 .*unverified/);
  });

  it('keeps what a JSON file says of the training', async () => {
    await project.write('training.json', '{"rows": 200000, "metrics": {"auc": 0.91}, "__proto__": {"a": 1}}');
    const { manifest } = await addJson('other', MODEL, '--training', 'training.json');
    expect(manifest.training).toMatchObject({ rows: 200000, metrics: { auc: 0.91 } });
    expect((await predawn('model', 'show', 'other')).stdout).toContain('"auc":0.91');
    await project.write('training.json', '[1]');
    expect(await predawn('model', 'add', 'more', MODEL, '--training', 'training.json')).toMatchObject({
      code: 64,
    });
  });
});

describe('model add refuses', () => {
  async function refused(args: string[], code: number, ...texts: string[]): Promise<void> {
    const before = await filesBeneath(path.join(project.folder, 'registry'));
    const result = await predawn('model', 'add', ...args);
    expect(result.code, result.stderr).toBe(code);
    for (const text of texts) expect(result.stderr).toContain(text);
    expect(await filesBeneath(path.join(project.folder, 'registry'))).toEqual(before);
  }

  it('expected outputs that the model does not give, showing the farthest rows', async () => {
    await project.edit('data-samples/churn/expected.csv', /C-0000937,no,0\.956/, 'C-0000937,no,0.456');
    await project.edit('data-samples/churn/expected.csv', /C-0001218,no/, 'C-0001218,yes');
    await refused(
      ['churn', MODEL, ...GOLDEN],
      76,
      '2 of 100 golden rows',
      'row 2 (C-0000937), probability_no: expected 0.456',
      'row 3 (C-0001218), label: expected yes, got no',
      'golden.mismatch',
    );
  });

  it('expected outputs of other rows, of no row, or of no output', async () => {
    await project.edit('data-samples/churn/expected.csv', 'C-0000937', 'C-0000938');
    await refused(['churn', MODEL, ...GOLDEN], 76, 'row 2 differs in customer_id');
    await project.edit('data-samples/churn/expected.csv', /C-0000938.*\n/, '');
    await refused(['churn', MODEL, ...GOLDEN], 76, '99 rows');
    await project.write('expected.csv', `probabilty_yes\n${'0.5\n'.repeat(100)}`);
    await refused(
      ['churn', MODEL, ...GOLDEN.slice(0, 2), '--expected', 'expected.csv'],
      76,
      'Did you mean "probability_yes"?',
    );
  });

  it('golden rows that the job would reject', async () => {
    await project.edit('jobs/churn.yaml', /missing:\n.*\n/, 'missing:\n');
    await refused(['churn', MODEL, ...GOLDEN], 76, 'golden.rows', 'total_charges');
  });

  it('options without --golden, and no tolerance', async () => {
    await refused(['churn', MODEL, '--expected', 'e.csv'], 64, '--golden');
    await refused(['churn', MODEL, ...GOLDEN, '--tolerance', 'much'], 64);
    await refused(['churn', MODEL, ...GOLDEN, '--tolerance', 'relative=1,relative=2'], 64);
    await refused(['churn', MODEL, '--golden', 'nowhere.csv'], 64, 'nowhere.csv');
  });

  it('a model whose scores depend on the rows beside them', async () => {
    const centred = buildModel({
      inputs: [float('x', ['N', 1])],
      outputs: [float('y', ['N', 1])],
      nodes: [
        {
          operator: 'ReduceMean',
          inputs: ['x'],
          outputs: ['mean'],
          attributes: { axes: [0n], keepdims: 1n },
        },
        { operator: 'Sub', inputs: ['x', 'mean'], outputs: ['y'] },
      ],
    });
    await project.write('centred.onnx', centred);
    await project.write('rows.csv', 'id,x\na,1\nb,2\nc,4\n');
    await refused(
      ['centred', 'centred.onnx', '--golden', 'rows.csv'],
      76,
      'golden.unsteady',
      'one by one',
      'row 1 (a), y: expected -2.6875, got 0',
    );
    const steady = buildSingle('Neg', float('x', ['N', 1]), float('y', ['N', 1]));
    await project.write('steady.onnx', steady);
    expect((await addJson('steady', 'steady.onnx', '--golden', 'rows.csv')).created).toBe(true);
  });
});

describe('a run', () => {
  const version = (file: string) => path.join(project.folder, 'registry/churn/1', file);

  /** Changes golden.json, its digests put right: what another CPU or runtime would look like. */
  async function expectOtherwise(): Promise<void> {
    const golden = await readFile(version('golden.json'), 'utf8');
    const changed = golden.replace(/"probabilities":\[0\.\d/, '"probabilities":[0.1');
    expect(changed).not.toBe(golden);
    const manifest = openSealed(await readFile(version('manifest.json'))) as {
      files: Record<string, object>;
    };
    const files = {
      ...manifest.files,
      'golden.json': { sha256: sha256(changed), bytes: Buffer.byteLength(changed) },
    };
    for (const file of ['golden.json', 'manifest.json']) chmodSync(version(file), 0o644);
    await writeFile(version('golden.json'), changed);
    await writeFile(version('manifest.json'), sealRecord({ ...manifest, files }));
  }

  it('scores them before it looks at any input, and stops where they differ', async () => {
    await expectOtherwise();
    // There is no input for that date: it is not even looked for.
    const ran = await predawn('run', 'churn', '--date', '2026-01-01');
    expect(ran).toMatchObject({ code: 76, stdout: '' });
    for (const text of [
      'golden.mismatch',
      '1 of its 100 golden rows',
      'row 1, probability_no',
      'onnxruntime-node 1.',
      ' on ',
    ])
      expect(ran.stderr).toContain(text);
    expect(await predawn('validate', 'churn', '--date', SAMPLE_DATE)).toMatchObject({ code: 76 });
    expect(await filesBeneath(path.join(project.folder, 'predictions'))).toEqual([]);
  });

  it('passes them where they hold, small inputs and those for threads alike', async () => {
    expect(await predawn('run', 'churn', '--date', SAMPLE_DATE)).toMatchObject({ code: 0 });
    await project.edit('predawn.yaml', 'workers: 2', 'workers: 2\nblock_bytes: 20KiB');
    expect(await predawn('run', 'churn', '--date', SAMPLE_DATE, '--force')).toMatchObject({ code: 0 });
  });

  it('has every bit of every file of the version checked', async () => {
    const files = ['model.onnx', 'golden.json', 'manifest.json'];
    let seed = 20_261_121;
    for (const file of files) {
      const whole = await readFile(version(file));
      chmodSync(version(file), 0o644);
      for (let round = 0; round < 70; round++) {
        seed = (seed * 48_271) % 0x7fffffff;
        const bit = seed % (whole.length * 8);
        const flipped = Buffer.from(whole);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        await writeFile(version(file), flipped);
        const ran = await predawn('run', 'churn', '--date', SAMPLE_DATE, '--json');
        expect(ran.code, `${file}, bit ${bit}`).toBe(76);
        expect(ran.stdout).toMatch(/"code": "(registry\.damaged|artefact\.digest)"/);
      }
      await writeFile(version(file), whole);
    }
    expect(await predawn('run', 'churn', '--date', SAMPLE_DATE)).toMatchObject({ code: 0 });
  });
});

const MODELS = ['churn_logreg', 'credit_hgb', 'housing_hgbr', 'penguins_logreg_zipmap', 'wine_fixed_batch64'];

describe.skipIf(referenceFolder === undefined)('reference models', () => {
  it.each(MODELS)('%s predicts what scikit-learn predicts, without a job', async (model) => {
    const file = (name: string) => path.join(referenceFolder!, model, name);
    const head = async (name: string) =>
      `${(await readFile(file(name), 'utf8')).split('\n').slice(0, 101).join('\n')}\n`;
    await project.write('golden.csv', await head('input.csv'));
    await project.write('expected.csv', await head('expected.csv'));
    const args = [model, file('model.onnx'), '--golden', 'golden.csv', '--expected', 'expected.csv'];
    expect((await addJson(...args)).manifest.golden).toMatchObject({ rows: 100, expectedFrom: 'given' });
  });
});
