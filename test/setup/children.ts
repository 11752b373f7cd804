import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder of the programs that tests run as processes of their own. */
    childrenFolder: string;
  }
}

const TESTS = path.resolve(import.meta.dirname, '..');

/** Programs of the suite's own, from its folder, by the name that each gets. */
export const CHILDREN = {
  'registry-child': 'registry/registry-child.ts',
  'files-attempt': 'files/children/attempt.ts',
  'postgres-attempt': 'helpers/attempt-process.ts',
} as const;

/** Makes a file of each: processes that compile TypeScript as they start would take most of the time of their tests. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Beneath the repository, so that packages are found.
  const folder = await mkdtemp(path.join(TESTS, '../node_modules/.test-children-'));
  await build({
    entryPoints: Object.entries(CHILDREN).map(([out, file]) => ({ in: path.join(TESTS, file), out })),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
  project.provide('childrenFolder', folder);
  return () => rm(folder, { recursive: true, force: true });
}
