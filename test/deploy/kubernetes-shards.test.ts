import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { JobSpec } from 'kubernetes-types/batch/v1.js';
import type { Container } from 'kubernetes-types/core/v1.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIN, REPOSITORY } from '../helpers/cli.js';
import { SAMPLE_DATE, sampleProject, succeed, type TestProject } from '../helpers/project.js';
import { actionFor, containersOf, expand, jobSpec, manifests, podSpec } from './kubernetes.js';

/**
 * Runs the steps of deploy/kubernetes/shards by their own commands, as local processes: the test is the kubelet and the
 * controller of Jobs, and a stand-in for kubectl hands score.sh's Job over.
 */
const SHARDS = 4;
const [cronJob] = manifests('shards/cronjob.yaml').map(jobSpec) as [JobSpec];

let project: TestProject;
let cluster: string;
beforeAll(async () => {
  project = await sampleProject({
    settings:
      'registry: ./registry\nworkers: 1\nenvironments:\n  production:\n    destination: ./predictions\n',
  });
  // Midnight may pass while the test runs.
  for (const days of [0, 1]) await provideInput(new Date(Date.now() + days * 86_400_000));
  cluster = await mkdtemp(path.join(tmpdir(), 'predawn-cluster-'));
  await mkdir(path.join(cluster, 'bin'));
  await mkdir(path.join(cluster, 'plan'));
  await copyFile(path.join(REPOSITORY, 'test/deploy/kubectl.js'), path.join(cluster, 'bin/kubectl'));
  await writeFile(path.join(cluster, 'bin/package.json'), '{ "type": "module" }');
  await chmod(path.join(cluster, 'bin/kubectl'), 0o755);
});
afterAll(async () => {
  await project.drop();
  await rm(cluster, { recursive: true, force: true });
});

describe('deploy/kubernetes/shards', () => {
  it('fails without a further try where a retry does not help, and goes on where it was when that is mended', async () => {
    const controller = runIndexedJob(async (container, index, variables) => {
      // The job file changes between the plan and the second shard.
      if (index === 1) await project.edit('jobs/churn.yaml', 'min_rows: 1', 'min_rows: 2');
      return runContainer(container, variables);
    }, 1);
    expect(await runPod()).toEqual({ failed: 'score', code: 3, action: 'FailJob' });
    expect(await controller).toEqual({ condition: 'Failed', tries: [1, 1, 1, 1] });
    await project.edit('jobs/churn.yaml', 'min_rows: 2', 'min_rows: 1');
    expect(await runs()).toMatchObject([{ status: 'open', shards: { count: SHARDS, committed: 1 } }]);
  }, 120_000);

  it('plans, scores its shards at once, one of which is killed and tried again, and publishes them', async () => {
    const [{ attempt_id: attempt }] = (await runs()) as [{ attempt_id: string }];
    let killed = 0;
    const controller = runIndexedJob(async (container, index, variables) => {
      if (index !== 2 || killed > 0) return runContainer(container, variables);
      killed += 1;
      return runContainer(container, variables, (child) => child.kill('SIGKILL'));
    }, SHARDS);
    expect(await runPod()).toEqual({ failed: undefined });
    expect(await controller).toEqual({ condition: 'Complete', tries: [1, 1, 2, 1] });
    // One attempt, the same one all the time.
    expect(await runs()).toMatchObject([{ status: 'published', is_current: true, attempt_id: attempt }]);
  }, 120_000);

  it('has nothing to do at the next tick, and starts no Job for that', async () => {
    const before = await readdir(cluster);
    expect(await runPod()).toEqual({ failed: undefined });
    expect(await readdir(cluster)).toEqual(before);
  }, 120_000);
});

const runs = async () => JSON.parse(await succeed(project, 'runs', '--json')) as object[];

/** Runs the containers of the CronJob's pod one after the other, and says what becomes of it. */
async function runPod(): Promise<{ failed: string | undefined; code?: number; action?: string }> {
  for (const container of containersOf(podSpec(cronJob))) {
    const code = await runContainer(container, {});
    if (code !== 0) return { failed: container.name, code, action: actionFor(cronJob, container.name, code) };
  }
  return { failed: undefined };
}

type RunIndex = (container: Container, index: number, variables: Record<string, string>) => Promise<number>;

/**
 * Waits for the Job that score.sh creates, runs a process for each index, `atOnce` at once, and again as the Job's policy
 * says, and tells how it ended.
 */
async function runIndexedJob(
  runIndex: RunIndex,
  atOnce: number,
): Promise<{ condition: string; tries: number[] }> {
  const name = await createdJob();
  const [job] = manifests(name, await readFile(path.join(cluster, name), 'utf8')).map(jobSpec) as [JobSpec];
  const [container] = podSpec(job).containers as [Container];
  const tries = Array.from({ length: job.completions! }, () => 0);
  const failed: number[] = [];

  async function complete(index: number): Promise<void> {
    for (;;) {
      tries[index]! += 1;
      const code = await runIndex(container, index, { JOB_COMPLETION_INDEX: String(index) });
      if (code === 0) return;
      const isLast = tries[index]! > job.backoffLimitPerIndex!;
      if (!isLast && actionFor(job, container.name, code) !== 'FailIndex') continue;
      failed.push(index);
      return;
    }
  }
  const waiting = tries.keys();
  const worker = async (): Promise<void> => {
    for (const index of waiting) await complete(index);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const condition = failed.length > 0 ? 'Failed' : 'Complete';
  await writeFile(path.join(cluster, name.replace(/yaml$/, 'conditions')), condition);
  return { condition, tries };
}

/** The file of a Job that is created and has not ended. */
async function createdJob(): Promise<string> {
  for (;;) {
    const names = await readdir(cluster);
    const found = names.find(
      (name) =>
        name.endsWith('.yaml') && !existsSync(path.join(cluster, name.replace(/yaml$/, 'conditions'))),
    );
    if (found !== undefined) return found;
    await delay(20);
  }
}

/** Runs what a container runs, in the project, with its folders where the test has them; gives its exit code. */
function runContainer(
  { command = ['node', '/app/dist/main.js'], args = [], env = [] }: Container,
  more: Record<string, string>,
  onStart: (child: ChildProcess) => void = () => undefined,
): Promise<number> {
  const own = Object.fromEntries(env.map(({ name, value }) => [name, value!]));
  const [file, ...rest] = [...command, ...args].map((text) => here(expand(text, { ...own, ...more })));
  const child = spawn(file!, rest, {
    cwd: project.folder,
    env: {
      ...{ HOME: cluster, PREDAWN_ENV: own['PREDAWN_ENV'], KUBECTL_FOLDER: cluster, POLL_SECONDS: '0.05' },
      PREDAWN_LOG_LEVEL: 'info',
      PATH: `${path.join(cluster, 'bin')}:${path.dirname(process.execPath)}:/usr/bin:/bin`,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr.once('data', () => onStart(child));
  child.stderr.resume();
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    // A signal, as a container's status has it.
    child.once('close', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 128)));
  });
}

const here = (text: string) =>
  text
    .replaceAll('/app/dist/main.js', MAIN)
    .replaceAll('/plan/', `${cluster}/plan/`)
    .replaceAll('/shards/', `${path.join(REPOSITORY, 'deploy/kubernetes/shards')}/`);

/** Input for the day before, as the sample's. */
async function provideInput(now: Date): Promise<void> {
  const yesterday = new Date(now.getTime() - 86_400_000);
  const date = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/London' }).format(yesterday);
  const folder = path.join(project.folder, 'data-samples/churn');
  await copyFile(path.join(folder, `${SAMPLE_DATE}.csv`), path.join(folder, `${date}.csv`));
}
