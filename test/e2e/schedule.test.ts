import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { daysUpTo, yesterday } from '../../src/domain/window.js';
import type { RunningCli } from '../helpers/cli.js';
import { SAMPLE_DATE, sampleProject, succeed, type TestProject } from '../helpers/project.js';

/** The scheduler as a process, with runs as processes: what it does by itself at the start and when it is stopped. */
vi.setConfig({ testTimeout: 120_000 });

let project: TestProject;
/** The three data dates that it catches up. */
let dates: string[];
const schedulers: RunningCli[] = [];

beforeEach(async () => {
  project = await sampleProject();
  dates = daysUpTo(yesterday(new Date(), 'UTC'), 3, 'UTC');
  await project.edit(
    'jobs/churn.yaml',
    'schedule: "0 6 * * *"',
    'schedule: { cron: "0 0 * * *", catch_up: 3d }',
  );
  await project.edit('jobs/churn.yaml', 'timezone: Europe/London', 'timezone: UTC');
  const input = await project.read(`data-samples/churn/${SAMPLE_DATE}.csv`);
  for (const date of dates) await project.write(`data-samples/churn/${date}.csv`, input);
});
afterEach(async () => {
  for (const { child } of schedulers.splice(0)) child.kill('SIGKILL');
  await project.drop();
});

function schedule(...args: string[]): RunningCli {
  const running = project.start('schedule', ...args);
  schedulers.push(running);
  return running;
}

/** Waits for the run of a date to begin; returns its process id. */
async function begun(scheduler: RunningCli, date: string): Promise<number> {
  const [, pid] = await scheduler.wrote(new RegExp(`"asOf":"${date}","pid":(\\d+),"msg":"run started"`));
  return Number(pid);
}

const ended = (scheduler: RunningCli, date: string) =>
  scheduler.wrote(new RegExp(`"asOf":"${date}","outcome":"[a-z]+".*"msg":"run ended"`));

async function ledger(): Promise<{ as_of: string; status: string; started_at: string }[]> {
  return JSON.parse(await succeed(project, 'runs', '--json')) as {
    as_of: string;
    status: string;
    started_at: string;
  }[];
}

async function publishedDates(): Promise<string[]> {
  const published = (await ledger()).filter(({ status }) => status === 'published');
  return published.sort((a, b) => (a.started_at < b.started_at ? -1 : 1)).map(({ as_of }) => as_of);
}

describe('predawn schedule', () => {
  it('catches up oldest first, tells how it is on a port, and ends with 0 when nothing runs', async () => {
    const scheduler = schedule('--port', '0');
    const [, port] = await scheduler.wrote(/"port":(\d+),"msg":"scheduling"/);
    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      return { status: response.status, text: await response.text() };
    };
    await ended(scheduler, dates[2]!);
    expect(await get('/healthz')).toEqual({ status: 200, text: 'ok\n' });
    expect(await get('/readyz')).toEqual({ status: 200, text: 'ok\n' });
    const { text } = await get('/metrics');
    expect(text).toContain('predawn_runs_total{job="churn",result="published"} 3\n');
    expect(text).toContain('predawn_job_pending_dates{job="churn"} 0\n');
    expect(text).toMatch(/predawn_job_next_tick_timestamp_seconds\{job="churn"\} \d{10}\n/);
    expect(await get('/elsewhere')).toMatchObject({ status: 404 });
    scheduler.child.kill('SIGTERM');
    const { code, stdout } = await scheduler.finished;
    expect(code).toBe(0);
    expect(stdout).toMatch(/churn +\w{3} \d{4}-\d\d-\d\d 00:00 +UTC +3 days/);
    expect(await publishedDates()).toEqual(dates);
  });

  it('killed with its run, it is as if it had not been: every date is published once', async () => {
    const first = schedule();
    const pid = await begun(first, dates[1]!);
    process.kill(pid, 'SIGSTOP');
    first.child.kill('SIGKILL');
    process.kill(pid, 'SIGKILL');
    await first.finished;
    const second = schedule();
    const [, missing] = await second.wrote(/"dates":(\[[^\]]*\]),"msg":"dates missing"/);
    expect(JSON.parse(missing!)).toEqual(dates.slice(1));
    await ended(second, dates[2]!);
    second.child.kill('SIGTERM');
    await second.finished;
    expect(await publishedDates()).toEqual(dates);
  });

  it('killed without its run, that goes on and publishes, and nothing is run twice', async () => {
    const first = schedule();
    const pid = await begun(first, dates[0]!);
    process.kill(pid, 'SIGSTOP');
    first.child.kill('SIGKILL');
    await first.finished;
    process.kill(pid, 'SIGCONT');
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(), { timeout: 60_000, interval: 100 });
    const second = schedule();
    await ended(second, dates[2]!);
    second.child.kill('SIGTERM');
    await second.finished;
    expect(await publishedDates()).toEqual(dates);
    expect(await ledger()).toHaveLength(3);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s stops the run between two steps, and ends with its code',
    async (signal) => {
      const scheduler = schedule();
      const pid = await begun(scheduler, dates[0]!);
      await scheduler.logged('started');
      process.kill(pid, 'SIGSTOP');
      scheduler.child.kill(signal);
      await scheduler.logged('stopping');
      process.kill(pid, 'SIGCONT');
      const { code } = await scheduler.finished;
      const published = await publishedDates();
      // The sample is small: it may have been published by the time that the signal was there.
      expect(code).toBe(published.length === 0 ? 143 : 0);
      expect(published.length).toBeLessThan(2);
    },
  );

  it('goes on where a date has no input or bad rows', async () => {
    await rm(path.join(project.folder, `data-samples/churn/${dates[0]!}.csv`));
    await project.edit(`data-samples/churn/${dates[1]!}.csv`, /\n[^\n]*\n$/, '\nC1,x\n');
    const scheduler = schedule();
    await ended(scheduler, dates[2]!);
    scheduler.child.kill('SIGTERM');
    const { stderr, code } = await scheduler.finished;
    expect(code).toBe(0);
    expect(await publishedDates()).toEqual([dates[2]]);
    const ends = stderr.split('\n').filter((line) => line.includes('"msg":"run ended"'));
    expect(ends.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      // Its twelve hours are over.
      { level: 50, asOf: dates[0], outcome: 'input', code: 'input.missing' },
      { level: 50, asOf: dates[1], outcome: 'failed', code: 'gate.rejects' },
      { level: 30, asOf: dates[2], outcome: 'published', rows: 500 },
    ]);
  });

  it('survives a database that is away, and says so', async () => {
    await project.write(
      'predawn.yaml',
      'registry: ./registry\nenvironments:\n  dev:\n    destination: postgres://predawn@127.0.0.1:1/nowhere\n',
    );
    const scheduler = schedule('--port', '0');
    const [, port] = await scheduler.wrote(/"port":(\d+),"msg":"scheduling"/);
    await scheduler.logged('ledger away');
    await vi.waitFor(async () => {
      const ready = await fetch(`http://127.0.0.1:${port}/readyz`);
      expect(await ready.text()).toBe("the ledger of churn can't be asked\n");
      expect(ready.status).toBe(503);
    });
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    scheduler.child.kill('SIGTERM');
    expect(await scheduler.finished).toMatchObject({ code: 0 });
  });

  it('78: no job has a schedule, or the port is taken', async () => {
    const first = schedule('--port', '0');
    const [, port] = await first.wrote(/"port":(\d+),"msg":"scheduling"/);
    expect(await project.run('schedule', '--port', port!)).toMatchObject({ code: 78 });
    first.child.kill('SIGTERM');
    await first.finished;
    await project.edit('jobs/churn.yaml', /^schedule: .*$/m, '');
    const { code, stderr } = await project.run('schedule');
    expect(code).toBe(78);
    expect(stderr).toContain('has a schedule');
  });
});
