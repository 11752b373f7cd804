import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { copyFile, cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { DateTime } from 'luxon';
import { validate } from 'node-cron';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { crontabText } from '../../src/schedule/crontab.js';
import type { Installation } from '../../src/schedule/installation.js';
import { REPOSITORY, runCli, type CliResult } from '../helpers/cli.js';
import { filesBeneath, SAMPLE_DATE } from '../helpers/project.js';
import { type CronLine, parseCrontab } from './crontab-file.js';

const EXAMPLE: Installation = {
  node: '/usr/bin/node',
  main: '/home/scoring/predawn/dist/main.js',
  root: '/home/scoring/predawn',
  settings: undefined,
  environment: 'dev',
  envFile: undefined,
  catchUp: false,
};
const { schedule, timezone } = parse(readFileSync(path.join(REPOSITORY, 'jobs/churn.yaml'), 'utf8')) as {
  schedule: string;
  timezone: string;
};
const CHURN = { name: 'churn', cron: schedule, timezone, catchUpDays: 7 };

describe('crontab.example', () => {
  it('is what predawn crontab prints', async () => {
    await expect(await crontabText(EXAMPLE, [CHURN])).toMatchFileSnapshot(
      path.join(REPOSITORY, 'crontab.example'),
    );
  });

  it('runs the sample job when its job file says, in its time zone, and lets failures be mailed', async () => {
    const { variables, lines } = parseCrontab(await crontabText(EXAMPLE, [CHURN]));
    expect(lines.map((line) => line.schedule)).toEqual([schedule]);
    expect(validate(schedule)).toBe(true);
    expect(variables).toEqual({ CRON_TZ: timezone });
  });
});

describe('a line of predawn crontab', () => {
  let home: string;
  let checkout: string;
  let line: CronLine;
  let variables: Readonly<Record<string, string>>;
  beforeEach(async () => {
    home = await mkdtemp(path.join(tmpdir(), 'predawn-home-'));
    // What a shell, a crontab and systemd each take for something of theirs.
    checkout = path.join(home, "pre dawn's 100%");
    await makeCheckout(checkout);
    const crontab = parseCrontab(await print('crontab'));
    variables = crontab.variables;
    [line] = crontab.lines as [CronLine];
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  it('publishes yesterday, and writes nothing', async () => {
    // Midnight may pass before the job looks at the clock: then today is its yesterday.
    const dates = [yesterday(), yesterday(DateTime.now().plus({ days: 1 }))];
    for (const date of dates) {
      await copyFile(inputOf(SAMPLE_DATE), inputOf(date));
    }
    expect(await asCron()).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    const slices = await filesBeneath(path.join(checkout, 'predictions/churn_predictions'));
    expect(slices).toHaveLength(1);
    expect(dates.map((date) => `as_of=${date}/predictions.parquet`)).toContain(slices[0]);
  });

  it('says on one page, for the mail, that the input is missing', async () => {
    const { code, stdout, stderr } = await asCron();
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
    await rm(checkout, { recursive: true });
    const { code, stderr } = await asCron();
    expect(code).not.toBe(0);
    expect(stderr).toContain('pre dawn');
  });

  const inputOf = (date: string) => path.join(checkout, `data-samples/churn/${date}.csv`);

  /** What a command of the checkout's own program prints. */
  const print = async (...args: string[]) =>
    (await promisify(execFile)(process.execPath, ['dist/main.js', ...args], { cwd: checkout })).stdout;

  /** In the home folder, in a session without a terminal, with what cron sets and nothing else. */
  function asCron(): Promise<CliResult> {
    const { command, input } = line;
    const child = spawn('/bin/sh', ['-c', command], {
      cwd: home,
      env: { HOME: home, LOGNAME: 'scoring', SHELL: '/bin/sh', PATH: '/usr/bin:/bin', ...variables },
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
  await mkdir(folder);
  for (const entry of ['package.json', 'predawn.yaml', 'jobs', 'data-samples', 'dist']) {
    await cp(path.join(REPOSITORY, entry), path.join(folder, entry), { recursive: true });
  }
  await symlink(path.join(REPOSITORY, 'node_modules'), path.join(folder, 'node_modules'));
  for (const command of ['add churn data-samples/churn/model.onnx', 'promote churn 1 --to dev']) {
    const { code, stderr } = await runCli(['model', ...command.split(' '), '--quiet'], { cwd: folder });
    if (code !== 0) throw new Error(stderr);
  }
}
