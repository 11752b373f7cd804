import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { copyFile, cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DateTime } from 'luxon';
import { validate } from 'node-cron';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { REPOSITORY, runCli, type CliResult } from '../helpers/cli.js';
import { filesBeneath, SAMPLE_DATE } from '../helpers/project.js';
import { type CronLine, parseCrontab } from './crontab-file.js';

/** Runs crontab.example as cron does, in the home of a user who has a checkout of this repository there. */
const { variables, lines } = parseCrontab(readFileSync(path.join(REPOSITORY, 'crontab.example'), 'utf8'));
const { schedule, timezone } = parse(readFileSync(path.join(REPOSITORY, 'jobs/churn.yaml'), 'utf8')) as {
  schedule: string;
  timezone: string;
};

describe('crontab.example', () => {
  it('says where commands are, in words that cron understands', () => {
    expect(variables).toHaveProperty('PATH');
    expect(Object.values(variables).join()).not.toMatch(/[$~]/);
  });

  it('lets failures be mailed', () => {
    expect(variables).not.toHaveProperty('MAILTO', '');
  });

  it('runs the sample job when its job file says', () => {
    expect(lines.map((line) => line.schedule)).toEqual([schedule]);
    expect(validate(schedule)).toBe(true);
  });
});

describe.each(lines)('$command', (line) => {
  let home: string;
  beforeEach(async ({ skip }) => {
    home = await mkdtemp(path.join(tmpdir(), 'predawn-home-'));
    const problem = problemOfNode();
    skip(problem !== undefined, problem);
    await makeCheckout(path.join(home, 'predawn'));
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  it('publishes yesterday, and writes nothing', async () => {
    // Midnight may pass before the job looks at the clock: then today is its yesterday.
    const dates = [yesterday(), yesterday(DateTime.now().plus({ days: 1 }))];
    for (const date of dates) {
      await copyFile(inputOf(SAMPLE_DATE), inputOf(date));
    }
    expect(await asCron(line)).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    const slices = await filesBeneath(path.join(home, 'predawn/predictions/churn_predictions'));
    expect(slices).toHaveLength(1);
    expect(dates.map((date) => `as_of=${date}/predictions.parquet`)).toContain(slices[0]);
  });

  it('says on one page, for the mail, that the input is missing', async () => {
    const { code, stdout, stderr } = await asCron(line);
    expect({ code, stdout }).toEqual({ code: 66, stdout: '' });
    expect(stderr).toMatch(
      /^predawn: .*\bchurn\b.*data-samples\/churn\/\d{4}-\d\d-\d\d\.csv does not exist\n/,
    );
    expect(stderr).toMatch(/^ {2}hint: /m);
    // eslint-disable-next-line no-control-regex -- a mail shows the codes of colours as garbage
    expect(stderr).not.toMatch(/\x1b|^\{/m);
    expect(stderr.split('\n').length).toBeLessThan(24);
  });

  it('does not hide that the project is not there', async () => {
    await rm(path.join(home, 'predawn'), { recursive: true });
    const { code, stderr } = await asCron(line);
    expect(code).not.toBe(0);
    expect(stderr).toContain('predawn');
  });

  const inputOf = (date: string) => path.join(home, `predawn/data-samples/churn/${date}.csv`);

  /** In the home folder, in a session without a terminal, with what cron sets and nothing else. */
  function asCron({ command, input }: CronLine): Promise<CliResult> {
    const child = spawn('/bin/sh', ['-c', command], {
      cwd: home,
      env: { HOME: home, LOGNAME: 'scoring', SHELL: '/bin/sh', ...variables },
      detached: true,
      stdio: 'pipe',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    // A command may end without reading.
    child.stdin.on('error', () => undefined).end(input);
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
    });
  }
});

function yesterday(now = DateTime.now()): string {
  return now.setZone(timezone).minus({ days: 1 }).toISODate()!;
}

/** What a user has after `git clone`, `npm ci` and the two commands that make the sample model live. */
async function makeCheckout(folder: string): Promise<void> {
  for (const entry of ['package.json', 'predawn.yaml', 'jobs', 'data-samples', 'dist']) {
    await cp(path.join(REPOSITORY, entry), path.join(folder, entry), { recursive: true });
  }
  await symlink(path.join(REPOSITORY, 'node_modules'), path.join(folder, 'node_modules'));
  for (const command of ['add churn data-samples/churn/model.onnx', 'promote churn 1 --to dev']) {
    const { code, stderr } = await runCli(['model', ...command.split(' '), '--quiet'], { cwd: folder });
    if (code !== 0) throw new Error(stderr);
  }
}

/** Why the example can't work on this machine: its PATH is for a node installed where most are. */
function problemOfNode(): string | undefined {
  const { PATH = '' } = variables;
  try {
    const version = execFileSync('/bin/sh', ['-c', 'node -p process.versions.node'], {
      env: { PATH },
      encoding: 'utf8',
      stdio: 'pipe',
    });
    const [major = 0, minor = 0] = version.split('.').map(Number);
    return major > 20 || (major === 20 && minor >= 19) ? undefined : `${PATH} has node ${version.trim()}`;
  } catch {
    return `${PATH} has no node`;
  }
}
