import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runInProcess } from '../helpers/in-process.js';
import { filesBeneath, SAMPLE_DATE, sampleProject, type TestProject } from '../helpers/project.js';

let project: TestProject;
beforeEach(async () => {
  project = await sampleProject();
});
afterEach(() => project.drop());

const validate = (...args: string[]) =>
  runInProcess(['validate', '--date', SAMPLE_DATE, ...args], { cwd: project.folder });

describe('validate', () => {
  it('says what it looked at, and changes nothing', async () => {
    const before = await filesBeneath(project.folder);
    const { code, stdout } = await validate();
    expect(code).toBe(0);
    expect(stdout).toContain('churn@1');
    expect(stdout).toContain('24 columns');
    expect(stdout).toContain('not used: customer_name, signup_date');
    expect(await filesBeneath(project.folder)).toEqual(before);
  });

  it('reports everything wrong in every job at once', async () => {
    const job = await project.read('jobs/churn.yaml');
    await project.write('jobs/b-typo.yaml', job.replace('schedule:', 'shedule:'));
    await project.write('jobs/c-model.yaml', job.replace('model: churn', 'model: chrun'));
    await project.write(
      'jobs/d-columns.yaml',
      job.replace('probabilities[yes]', 'probabilities[ja]').replace('key: customer_id', 'key: customer'),
    );
    const { code, stderr } = await validate();
    expect(code).toBe(78);
    expect(stderr).toContain('shedule');
    expect(stderr).toContain('chrun');
    expect(stderr).toContain('ja');
    expect(stderr).toMatch(/customer\b.*customer_id/s);
  });

  it('says which gates can tell nothing of a version without a profile', async () => {
    await project.edit('jobs/churn.yaml', 'output:\n', 'gates:\n  score_shift: {}\noutput:\n');
    expect(await validate('churn')).toMatchObject({ code: 0 });
    const model = 'data-samples/churn/model.onnx';
    await runInProcess(['model', 'add', 'bare', model, '--note', 'no rows'], { cwd: project.folder });
    await runInProcess(['model', 'promote', 'bare', '1', '--to', 'dev'], { cwd: project.folder });
    await project.edit('jobs/churn.yaml', 'model: churn', 'model: bare');
    const { code, stderr } = await validate('churn');
    expect(code).toBe(78);
    expect(stderr).toContain('score_shift can tell nothing, since bare@1 has no profile');
  });

  it('says of which column a gate asks what no encoder knows', async () => {
    const gates = 'gates:\n  unknown_categories: { columns: { tenure_months: 1% } }\n';
    await project.edit('jobs/churn.yaml', 'output:\n', `${gates}output:\n`);
    const { code, stderr } = await validate('churn');
    expect(code).toBe(78);
    expect(stderr).toContain('gates.unknown_categories "tenure_months": no encoder of the model says');
  });

  it('names a destination that cannot be written', async () => {
    await project.write('predictions', 'a file where the folder should be');
    const { code, stderr } = await validate('churn');
    expect(code).toBe(78);
    expect(stderr).toContain('predictions');
  });
});
