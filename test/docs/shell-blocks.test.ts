import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIN, REPOSITORY } from '../helpers/cli.js';
import { shell } from './shell.js';
import { shellBlocks } from './shell-blocks.js';

/** Runs every command that the documentation shows, as it stands, in order, in a copy of the repository. */
const DOCUMENTS = [
  'README.md',
  'docs/jobs.md',
  'docs/exploring.md',
  'docs/undo.md',
  'docs/operations.md',
  'docs/reliability.md',
  'docs/rollout.md',
  'docs/deployment.md',
  'docs/registry.md',
];
/** The commands that would run this suite, or install again what it runs on. */
const NOT_HERE = [/^npm ci && npm test$/];

/** A copy of the repository, as it is before and after README's first command. */
let fresh: string;
let started: string;

beforeAll(async () => {
  fresh = await mkdtemp(path.join(tmpdir(), 'predawn-docs-'));
  const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: REPOSITORY,
    encoding: 'utf8',
  });
  for (const file of tracked.split('\n').filter(Boolean)) {
    await mkdir(path.dirname(path.join(fresh, file)), { recursive: true });
    await cp(path.join(REPOSITORY, file), path.join(fresh, file)).catch(ignoreDeleted);
  }
  await cp(path.join(REPOSITORY, 'dist'), path.join(fresh, 'dist'), { recursive: true });
  await symlink(path.join(REPOSITORY, 'node_modules'), path.join(fresh, 'node_modules'));
  started = await copyOf(fresh);
  await shell('npm start', started);
}, 120_000);
afterAll(async () => {
  for (const folder of [fresh, started]) await rm(folder, { recursive: true, force: true });
});

describe.each(DOCUMENTS)('%s', (document) => {
  let checkout: string;
  let own: string;

  beforeAll(async () => {
    checkout = await copyOf(document === 'README.md' ? fresh : started);

    own = await mkdtemp(path.join(tmpdir(), 'predawn-own-'));
    await cp(path.join(REPOSITORY, 'data-samples/churn/model.onnx'), path.join(own, 'model.onnx'));
    await cp(
      path.join(REPOSITORY, 'data-samples/churn/2026-11-20.csv'),
      path.join(own, 'exports/2026-11-20.csv'),
    );
    await mkdir(path.join(own, 'node_modules/.bin'), { recursive: true });
    await symlink(MAIN, path.join(own, 'node_modules/.bin/predawn'));
  }, 120_000);
  afterAll(async () => {
    await rm(checkout, { recursive: true, force: true });
    await rm(own, { recursive: true, force: true });
  });

  const commands = shellBlocks(path.join(REPOSITORY, document))
    .flatMap(({ heading, commands: each }) =>
      each.map((command) => ({ inOwn: heading === 'Your own model', command })),
    )
    .filter(({ command }) => !NOT_HERE.some((pattern) => pattern.test(command)));
  // The real npx takes a second to find the program: a newcomer's first one in each folder.
  const firstNpx = [false, true].map((inOwn) =>
    commands.find((each) => each.inOwn === inOwn && each.command.startsWith('npx ')),
  );

  it('shows commands', () => {
    expect(commands.length).toBeGreaterThan(0);
  });

  it.each(commands)(
    '$command',
    async (each) => {
      const realNpx = document === 'README.md' && firstNpx.includes(each);
      await shell(each.command.replace('npm ci && ', ''), each.inOwn ? own : checkout, realNpx);
    },
    60_000,
  );
});

async function copyOf(folder: string): Promise<string> {
  const copy = await mkdtemp(path.join(tmpdir(), 'predawn-docs-'));
  await cp(folder, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}

function ignoreDeleted(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
