import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runInProcess } from '../helpers/in-process.js';
import type { Findings } from './findings.js';
import { CHANGES } from './inputs.js';
import { ARMED, type Proving } from './proving.js';

/** Days on which clocks change, and how long they are. */
const DAYS = [
  ['Europe/London', '2024-03-31', 23],
  ['Europe/London', '2024-10-27', 25],
  ['America/New_York', '2024-03-10', 23],
  ['America/New_York', '2024-11-03', 25],
  // By half an hour.
  ['Australia/Lord_Howe', '2024-10-06', 23.5],
  ['Australia/Lord_Howe', '2024-04-07', 24.5],
] as const;

interface Said {
  readonly as_of: string;
  readonly finished_at: string;
  readonly window: { readonly from: string; readonly to: string };
}

/** Days of 23 to 25 hours: their windows are as long, and neither overlap nor leave a gap. */
export async function proveDays({ ground }: Proving, findings: Findings, isLong: boolean): Promise<void> {
  const { project } = ground;
  const jobFile = await project.read('jobs/churn.yaml');
  const [input] = (await readdir(`${project.folder}/data-samples/churn`)).filter((name) =>
    /^\d.*\.csv$/.test(name),
  );
  const csv = await readFile(`${project.folder}/data-samples/churn/${input!}`, 'utf8');
  for (const [timezone, date, hours] of isLong ? DAYS : DAYS.slice(-1)) {
    await project.write('jobs/churn.yaml', jobFile.replace(/^timezone: .*$/m, `timezone: ${timezone}`));
    const windows: Said['window'][] = [];
    for (const day of [-1, 0, 1].map((offset) => shifted(date, offset))) {
      await project.write(`data-samples/churn/${day}.csv`, csv);
      // Each day twice on one destination: it is its window that counts here.
      const asked = ['run', 'churn', '--date', day, '--dry-run', '--json'];
      const { stdout } = await runInProcess(asked, { cwd: project.folder, env: ground.env });
      const said = JSON.parse(stdout) as Said;
      windows.push(said.window);
    }
    const [before, own, after] = windows;
    const length = (Date.parse(own!.to) - Date.parse(own!.from)) / 3_600_000;
    findings.countCase(ground.name);
    findings.countFault(ground.name, 'clocks change');
    if (length !== hours || before!.to !== own!.from || own!.to !== after!.from)
      findings.wrong(
        ground.name,
        'wrong exit codes or messages',
        `${date} in ${timezone}: ${JSON.stringify(windows)}`,
      );
  }
  await project.write('jobs/churn.yaml', jobFile);
}

function shifted(date: string, days: number): string {
  return new Date(Date.parse(date) + days * 86_400_000).toISOString().slice(0, 10);
}

/** libfaketime; undefined where it is not installed. */
function findFakeTime(): string | undefined {
  return ['x86_64-linux-gnu', 'aarch64-linux-gnu', '']
    .map((machine) => `/usr/lib/${machine}/faketime/libfaketime.so.1`)
    .find(existsSync);
}

/** Midnight passes while a run is under way, and clocks step back by a day between and during runs. */
export async function proveClock(proving: Proving, findings: Findings, isLong: boolean): Promise<void> {
  const { ground } = proving;
  const library = findFakeTime();
  if (library === undefined) {
    findings.skip(
      `${ground.name}: midnight during a run, a clock stepped back`,
      'libfaketime is not installed',
    );
    return;
  }
  // No machine steps its monotonic clock, and Node.js ends where that goes back.
  const faked = { LD_PRELOAD: library, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
  for (const change of isLong ? CHANGES : (['many'] as const))
    await proving.prove({
      ...{
        kind: 'clock stepped back',
        name: 'a run a day before the last one',
        change,
        env: { ...faked, FAKETIME: '-1d' },
      },
      exits: { old: [], new: [0] },
    });
  const clock = path.join(ground.project.folder, 'clock');
  await proving.provePublished('midnight during a run', 'many', async (date, wrong) => {
    // It is evening in London when the run begins, so that it is of the day before.
    const evening = shifted(date, 1);
    await writeFile(clock, `@${evening} 22:30:00`);
    const env = { ...faked, FAKETIME_TIMESTAMP_FILE: clock, FAKETIME_NO_CACHE: '1', TZ: 'UTC' };
    const failpoint = { PREDAWN_FAILPOINT: 'attempt opened#1:wait' };
    const running = proving.start(['run', 'churn', '--json'], { ...env, ...failpoint }, ARMED);
    await running.wrote(/failpoint: attempt opened/);
    await writeFile(clock, `@${shifted(evening, 1)} 01:30:00`);
    running.child.kill('SIGUSR2');
    const { code, stdout, stderr } = await running.finished;
    const said = code === 0 ? (JSON.parse(stdout) as Said) : undefined;
    // Whether the clock did pass midnight is in the receipt as well.
    if (said?.as_of !== date || !said.finished_at.startsWith(shifted(evening, 1)))
      wrong('wrong exit codes or messages', `exit ${code}: ${stdout}${stderr}`);
  });
}
