import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT_CODES } from '../../src/cli/exit-codes.js';
import { openCalendar } from '../../src/schedule/calendar.js';
import { cronText, onCalendarText, readCronFields } from '../../src/schedule/cron-fields.js';
import { withBlock } from '../../src/schedule/crontab.js';
import type { Installation } from '../../src/schedule/installation.js';
import { filesBeneath, sampleProject, type TestProject } from '../helpers/project.js';
import { parseCrontab } from './crontab-file.js';

const HERE: Installation = {
  ...{ node: '/usr/bin/node', main: '/p/dist/main.js', root: '/p', settings: undefined },
  ...{ environment: 'dev', envFile: undefined, catchUp: false },
};

/** What `systemd-analyze` says; undefined where there is none. */
async function analyze(...args: string[]): Promise<{ code: number; output: string } | undefined> {
  try {
    const { stdout, stderr } = await promisify(execFile)('systemd-analyze', args);
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number | string; stdout: string; stderr: string };
    return code === 'ENOENT' ? undefined : { code: Number(code), output: stdout + stderr };
  }
}

describe('a schedule for other schedulers', () => {
  it.each([
    ['0 6 * * *', '0 6 * * *', '*-*-* 06:00:00 Europe/London'],
    ['@daily', '0 0 * * *', '*-*-* 00:00:00 Europe/London'],
    [
      '*/20 6-9 * * MON-FRI',
      '0,20,40 6-9 * * 1-5',
      'Mon,Tue,Wed,Thu,Fri *-*-* 06,07,08,09:00,20,40:00 Europe/London',
    ],
    ['5 4 1,15 JAN *', '5 4 1,15 1 *', '*-01-01,15 04:05:00 Europe/London'],
    ['0 22 * * 7', '0 22 * * 0', 'Sun *-*-* 22:00:00 Europe/London'],
    ['* * * * *', '* * * * *', '*-*-* *:*:00 Europe/London'],
  ])('%s', async (cron, portable, onCalendar) => {
    const fields = await readCronFields(cron, 'churn');
    expect(cronText(fields)).toBe(portable);
    expect(onCalendarText(fields, 'Europe/London')).toBe(onCalendar);
  });

  it.each(['0 6 L * *', '0 6 15W * *', '0 6 * * 5L', '0 6 * * 1#2'])(
    '%s can’t be written otherwise',
    async (cron) => {
      await expect(readCronFields(cron, 'churn')).rejects.toMatchObject({ code: 'schedule.portable' });
    },
  );

  it('means the same: the portable text has the ticks of the original', async () => {
    const item = (least: number, most: number) =>
      fc
        .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }))
        .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
    const field = (least: number, most: number) =>
      fc.oneof(
        fc.constant('*'),
        fc.constant('*/7'),
        fc.array(item(least, most), { minLength: 1, maxLength: 3 }).map((items) => items.join(',')),
      );
    await fc.assert(
      fc.asyncProperty(
        field(0, 59),
        field(0, 23),
        field(1, 28),
        field(1, 12),
        fc.integer({ min: 0, max: 27 }),
        async (minute, hour, day, month, offset) => {
          const cron = `${minute} ${hour} ${day} ${month} *`;
          const portable = cronText(await readCronFields(cron, 'churn'));
          const date = new Date(Date.UTC(2026, offset % 12, offset + 1)).toISOString().slice(0, 10);
          const [one, other] = await Promise.all([cron, portable].map((each) => openCalendar(each, 'UTC')));
          expect(other!.ticksOn(date)).toEqual(one!.ticksOn(date));
        },
      ),
    );
  });

  it('is read by systemd as it is meant', async ({ skip }) => {
    const text = onCalendarText(await readCronFields('*/20 6-9 * * MON-FRI', 'churn'), 'Europe/London');
    const found = await analyze('calendar', '--iterations=2', '--base-time=2026-11-28 12:00:00 UTC', text);
    skip(found === undefined, 'no systemd-analyze');
    expect(found!.code, found!.output).toBe(0);
    expect(found!.output).toMatch(/2026-11-30 06:00:00/);
    expect(found!.output).toMatch(/2026-11-30 06:20:00/);
  });
});

describe('predawn crontab --install', () => {
  let project: TestProject;
  let env: Record<string, string>;
  const stored = () => readFile(path.join(project.folder, 'stored'), 'utf8');
  const install = (...args: string[]) => project.startWith(env, 'crontab', '--install', ...args).finished;

  /** A `crontab` that keeps its file in the project. */
  beforeEach(async () => {
    project = await sampleProject();
    const bin = path.join(project.folder, 'bin');
    const file = path.join(project.folder, 'stored');
    await mkdir(bin);
    await writeFile(
      path.join(bin, 'crontab'),
      `#!/bin/sh
case "$1" in
  -l) [ -f '${file}' ] || { echo "no crontab for scoring" >&2; exit 1; }; cat '${file}' ;;
  -) cat > '${file}' ;;
esac
`,
    );
    await chmod(path.join(bin, 'crontab'), 0o755);
    env = { PATH: `${bin}:/usr/bin:/bin` };
  });
  afterEach(() => project.drop());

  it('adds its lines, replaces them the next time, and leaves the others alone', async () => {
    expect(await install()).toMatchObject({ code: 0, stderr: '' });
    const first = await stored();
    expect(parseCrontab(first).lines).toHaveLength(1);
    await writeFile(path.join(project.folder, 'stored'), `MAILTO=me@example.org\n5 5 * * * true\n\n${first}`);
    await project.edit('jobs/churn.yaml', '0 6 * * *', '30 7 * * *');
    await project.write('predawn.env', 'A=b\n');
    expect(await install('--variables', 'predawn.env', '--catch-up', '--quiet')).toMatchObject({
      code: 0,
      stdout: '',
    });
    const { variables, lines } = parseCrontab(await stored());
    expect(variables).toEqual({ MAILTO: 'me@example.org', CRON_TZ: 'Europe/London' });
    expect(lines.map(({ schedule }) => schedule)).toEqual(['5 5 * * *', '30 7 * * *']);
    expect(lines[1]!.command).toMatch(
      / --env-file=\/\S+\/predawn\.env \S+main\.js run churn --env dev --missing --since 7d --quiet$/,
    );
  });

  it('78 where there is no crontab, 64 for a file that is not there, and nothing is changed', async () => {
    env = { PATH: '/nowhere' };
    const { code, stderr } = await install();
    expect(code).toBe(78);
    expect(stderr).toContain('predawn systemd');
    expect(await install('--variables', 'none.env')).toMatchObject({ code: 64 });
    expect(await install('--env', 'nowhere')).toMatchObject({ code: 78 });
  });

  it('keeps every other line, whatever there is', () => {
    const block = '# predawn: begin /p dev\nx\n# predawn: end /p dev\n';
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme-ascii' }).filter((line) => !line.includes('predawn'))),
        (lines) => {
          const before = lines.join('\n');
          const once = withBlock(before, block, HERE);
          expect(once.startsWith(before.trimEnd())).toBe(true);
          expect(once.endsWith(block)).toBe(true);
          expect(withBlock(once, block, HERE)).toBe(once);
          const after = withBlock(`${once}\nafter\n`, block, HERE);
          expect(after.endsWith(`after\n\n${block}`)).toBe(true);
        },
      ),
    );
  });
});

describe('predawn systemd', () => {
  let project: TestProject;
  beforeEach(async () => {
    project = await sampleProject();
  });
  afterEach(() => project.drop());

  it('writes units that systemd finds nothing wrong with', async ({ skip }) => {
    await project.write('pre dawn 100%/predawn.env', 'A=b\n');
    const args = [
      'systemd',
      '--install',
      '--dir',
      'units',
      '--variables',
      'pre dawn 100%/predawn.env',
      '--catch-up',
    ];
    const { code, stdout, stderr } = await project.run(...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('daemon-reload && systemctl enable --now predawn-dev-churn.timer');
    const folder = path.join(project.folder, 'units');
    expect(await filesBeneath(folder)).toEqual(['predawn-dev-churn.service', 'predawn-dev-churn.timer']);
    const service = await project.read('units/predawn-dev-churn.service');
    expect(service).toMatch(
      /^ExecStart=\/\S+ \/\S+main\.js run churn --env dev --missing --since 7d --quiet$/m,
    );
    expect(service).toMatch(/^EnvironmentFile=.*pre dawn 100%%\/predawn\.env$/m);
    expect(await project.read('units/predawn-dev-churn.timer')).toMatch(/^Persistent=true$/m);
    const found = await analyze(
      'verify',
      '--man=no',
      ...(await filesBeneath(folder)).map((file) => path.join(folder, file)),
    );
    skip(found === undefined, 'no systemd-analyze');
    expect(found!.output.split('\n').filter((line) => line.includes('predawn'))).toEqual([]);
  });

  it('tells systemd not to retry what a retry does not mend', async () => {
    const { stdout } = await project.run('systemd');
    const [, listed = ''] = /^RestartPreventExitStatus=(.*)$/m.exec(stdout)!;
    const retried = EXIT_CODES.filter(({ retry }) => retry.startsWith('yes') || retry === 'later');
    const codes = listed.split(' ').map(Number);
    expect(codes).toEqual(expect.arrayContaining([64, 65, 70, 76, 77, 78]));
    for (const { code } of retried.filter(({ kind }) => kind !== 'overdue'))
      expect(codes).not.toContain(code);
  });

  it('goes to your own units unless told, and needs no password', async () => {
    await project.write(
      'predawn.yaml',
      'registry: ./registry\nenvironments:\n  production:\n    destination: ${DESTINATION}\n',
    );
    const { code, stdout } = await project.startWith(
      { XDG_CONFIG_HOME: path.join(project.folder, 'config') },
      'systemd',
      '--install',
    ).finished;
    expect(code).toBe(0);
    expect(stdout).toContain('systemctl --user enable --now predawn-production-churn.timer');
    expect(await filesBeneath(path.join(project.folder, 'config/systemd/user'))).toHaveLength(2);
  });
});
