import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
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
  const folder = mkdtempSync(path.join(REPOSITORY, 'node_modules/.registry-child-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
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
  await Promise.all(children.map((child) => once(child, 'message')));
  const results = children.map(async (child) => ((await once(child, 'message')) as [T])[0]);
  for (const child of children) child.send('go');
  return Promise.all(results);
}

/** Runs one child to its end; the signal that killed it. */
export async function runToDeath(location: string, ...args: string[]): Promise<NodeJS.Signals | null> {
  const child = fork(await childScript(), [location, ...args]);
  const [, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal;
}
