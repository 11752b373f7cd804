import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { REPOSITORY } from '../helpers/cli.js';

const json = (file: string): unknown => JSON.parse(readFileSync(path.join(REPOSITORY, file), 'utf8'));

interface Package {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly inBundle?: boolean;
}
const manifest = json('package.json') as Record<'dependencies' | 'devDependencies', Record<string, string>>;
const lock = json('package-lock.json') as { lockfileVersion: number; packages: Record<string, Package> };
const installed = Object.entries(lock.packages).filter(([place]) => place !== '');

it.each(Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }))(
  '%s is asked for in one version, which is the locked one',
  (name, version) => {
    expect(version).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
    expect(lock.packages[`node_modules/${name}`]?.version).toBe(version);
  },
);

it('every package is locked by the digest of its bytes, from the public registry alone', () => {
  expect(lock.lockfileVersion).toBe(3);
  expect(installed.length).toBeGreaterThan(100);
  for (const [place, { resolved, integrity, link, inBundle }] of installed) {
    expect(link, place).toBeUndefined();
    if (inBundle === true) continue;
    expect(integrity, place).toMatch(/^sha512-[\w+/]{86}==$/);
    if (resolved !== undefined) expect(resolved, place).toMatch(/^https:\/\/registry\.npmjs\.org\//);
  }
});
