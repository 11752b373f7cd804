import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadJob } from '../../src/config/jobs.js';
import type { Job, Settings } from '../../src/domain/job.js';

/** A folder of its own with an empty `jobs` folder, removed afterwards. */
export async function withProject<Result>(
  work: (root: string, settings: Settings) => Promise<Result>,
): Promise<Result> {
  const root = await mkdtemp(path.join(tmpdir(), 'predawn-config-'));
  const settings: Settings = {
    path: path.join(root, 'predawn.yaml'),
    root,
    registry: path.join(root, 'registry'),
    cache: undefined,
    jobs: path.join(root, 'jobs'),
    environment: { name: 'dev', source: undefined, destination: path.join(root, 'predictions'), retain: 3 },
    environments: ['dev'],
    promotion: { dev: { after: undefined, gate: undefined } },
    workers: 1,
    blockBytes: 2 ** 20,
  };
  try {
    await mkdir(settings.jobs);
    return await work(root, settings);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** A job file of that text, loaded as `predawn` loads it. */
export function loadJobText(name: string, text: string | Uint8Array): Promise<Job> {
  return withProject(async (_, settings) => {
    await writeFile(path.join(settings.jobs, `${name}.yaml`), text);
    return loadJob(settings, name);
  });
}
