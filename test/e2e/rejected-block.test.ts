import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runInProcess } from '../helpers/in-process.js';
import { SAMPLE_DATE, sampleProject, type TestProject } from '../helpers/project.js';

let project: TestProject;
beforeEach(async () => {
  const settings = 'block_bytes: 1KiB\nworkers: 1\nenvironments:\n  dev:\n    destination: ./out\n';
  project = await sampleProject({ settings });
});
afterEach(() => project.drop());

it('publishes every column where the first blocks have no row that can be scored', async () => {
  const input = `data-samples/churn/${SAMPLE_DATE}.csv`;
  const [header, ...records] = (await project.read(input)).trim().split('\n');
  // A record of one field too few is rejected.
  const broken = records.map((record, row) => (row < 50 ? record.slice(0, record.lastIndexOf(',')) : record));
  await project.write(input, `${[header, ...broken].join('\n')}\n`);
  await project.edit('jobs/churn.yaml', 'rejects: 0', 'rejects: 50%');
  await project.edit(
    'jobs/churn.yaml',
    'table: churn_predictions',
    'table: churn_predictions\n  format: arrow',
  );

  const { code, stderr } = await runInProcess(['run', 'churn', '--date', SAMPLE_DATE], {
    cwd: project.folder,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const file = path.join(
    project.folder,
    'out/churn_predictions',
    `as_of=${SAMPLE_DATE}`,
    'predictions.arrow',
  );
  const table = tableFromIPC(await readFile(file));
  expect(table.numRows).toBe(records.length - 50);
  expect(table.schema.names).toEqual([
    ...['customer_id', 'churn_probability', 'churn', 'artefact', 'attempt_id', 'scored_at'],
  ]);
});
