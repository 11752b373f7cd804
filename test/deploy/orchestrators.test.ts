import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY } from '../helpers/cli.js';
import { filesBeneath, SAMPLE_DATE, sampleProject } from '../helpers/project.js';
import { codesIn, NEVER_RETRY, RETRY } from './exit-code-table.js';

const FILES = [
  'deploy/airflow/predawn_churn.py',
  'deploy/airflow/predawn_churn_pod.py',
  'deploy/dagster/predawn_churn.py',
  'deploy/prefect/predawn_churn.py',
];
const HARNESS = path.join(REPOSITORY, 'test/deploy/orchestrators.py');

/** Exits as it is told, with a receipt where it is asked for one. */
const PROGRAM = `
const { writeFileSync } = require('node:fs');
const file = process.argv[process.argv.indexOf('--report') + 1];
const code = Number(process.env.EXIT_CODE);
const receipt = { attempt_id: 'a', rows: { rejected: 0 }, output: { rows: 500 }, artefact: { name: 'm', version: 1 }, input: { fingerprint: 'f' } };
if (process.argv.includes('--report')) writeFileSync(file, JSON.stringify(code === 0 ? receipt : { error: { message: 'no' } }));
process.exitCode = code;
`;

const hasPython = (() => {
  try {
    return execFileSync('python3', ['-c', 'import sys; print(sys.version_info >= (3, 9))'], {
      encoding: 'utf8',
    }).includes('True');
  } catch {
    return false;
  }
})();

describe.each(FILES)('%s', (file) => {
  const source = readFileSync(path.join(REPOSITORY, file), 'utf8');
  let project: string;
  beforeAll(async () => {
    project = await mkdtemp(path.join(tmpdir(), 'predawn-fake-'));
    await mkdir(path.join(project, 'dist'));
    await writeFile(path.join(project, 'dist/main.js'), PROGRAM);
  });
  afterAll(() => rm(project, { recursive: true, force: true }));

  it('knows the codes that a retry does not help with', () => {
    expect(codesIn(/^NEVER_RETRY = \{(.*)\}$/m.exec(source)![1]!)).toEqual(NEVER_RETRY);
  });

  it.skipIf(!hasPython)('fails for good or tries again, as the exit code says', () => {
    const codes = [0, ...NEVER_RETRY, ...RETRY].map(String);
    const expected = Object.fromEntries([
      ['0', 'success'],
      ...NEVER_RETRY.map((code) => [String(code), 'fail']),
      ...RETRY.map((code) => [String(code), 'retry']),
    ]) as Record<string, string>;
    expect(outcomes(file, project, codes)).toEqual(expected);
  });

  it.skipIf(!hasPython)(
    'starts predawn itself by a command that scores the date it is given',
    async () => {
      const own = await sampleProject({
        settings: 'registry: ./registry\nenvironments:\n  production:\n    destination: ./predictions\n',
      });
      try {
        await symlink(path.join(REPOSITORY, 'dist'), path.join(own.folder, 'dist'));
        // There is input for the first.
        const expected = { [SAMPLE_DATE]: 'success', '2026-11-01': 'retry' };
        expect(outcomes(file, own.folder, Object.keys(expected))).toEqual(expected);
        expect(await filesBeneath(path.join(own.folder, 'predictions/churn_predictions'))).toEqual([
          `as_of=${SAMPLE_DATE}/predictions.parquet`,
        ]);
        await own.edit('jobs/churn.yaml', 'timezone:', 'timezon:');
        expect(outcomes(file, own.folder, ['2026-11-20'])).toEqual({ '2026-11-20': 'fail' });
      } finally {
        await own.drop();
      }
    },
    120_000,
  );
});

/** What the file makes of each exit code, or of what predawn does with each date. */
function outcomes(file: string, project: string, asked: readonly string[]): unknown {
  const args = ['-B', HARNESS, path.join(REPOSITORY, file), project, ...asked];
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH: `${path.dirname(process.execPath)}:${PATH}`, HOME };
  return JSON.parse(
    execFileSync('python3', args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'inherit'] }),
  );
}
