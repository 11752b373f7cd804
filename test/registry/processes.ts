import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import { REPOSITORY } from '../helpers/cli.js';

let bundled: Promise<string> | undefined;

/** registry-child.ts as one file: fifty processes that compile TypeScript would take minutes to start. */
function childScript(): Promise<string> {
  bundled ??= bundle();
  return bundled;
}

async function bundle(): Promise<string> {
  // Beneath the repository, so that packages are found.
  const folder = await mkdtemp(path.join(REPOSITORY, 'node_modules/.registry-child-'));
  const outfile = path.join(folder, 'registry-child.js');
  await build({
    entryPoints: [path.join(import.meta.dirname, 'registry-child.ts')],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
  return outfile;
}

/** Removes the script; for `afterAll`, since a test file's process may be killed before it can exit. */
export async function removeChildScript(): Promise<void> {
  if (bundled !== undefined) await rm(path.dirname(await bundled), { recursive: true, force: true });
}

/** Starts `count` children on a registry, lets them go at the same moment, and gives what each sends. */
export async function inProcesses<T>(
  location: string,
  count: number,
  argumentsOf: (index: number) => string[],
): Promise<T[]> {
  const script = await childScript();
  const children = Array.from({ length: count }, (_, index) =>
    fork(script, [location, ...argumentsOf(index)]),
  );
  await Promise.all(children.map(nextMessage));
  const results = children.map((child) => nextMessage(child) as Promise<T>);
  for (const child of children) child.send('go');
  return Promise.all(results);
}

/** What a child sends next; rejects where it ends without. */
async function nextMessage(child: ChildProcess): Promise<unknown> {
  // Not its exit, which may be told before what it sent.
  const ended = once(child, 'disconnect').then(() => {
    throw new Error('A child ended before it sent anything');
  });
  ended.catch(() => undefined);
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [unknown];
  return message;
}

/** Runs one child to its end; the signal that killed it. */
export async function runToDeath(location: string, ...args: string[]): Promise<NodeJS.Signals | null> {
  const child = fork(await childScript(), [location, ...args]);
  const [, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal;
}
