import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { REPOSITORY } from '../helpers/cli.js';
import { filesBeneath, SAMPLE_DATE, sampleProject, type TestProject } from '../helpers/project.js';
import { dockerfileStages, textsOf } from './dockerfile.js';

/** Runs what the Dockerfile removes on a copy of what it would find, and the program on what is left. */
const readJson = (file: string) => JSON.parse(readFileSync(path.join(REPOSITORY, file), 'utf8')) as unknown;
const { dependencies } = readJson('package.json') as { dependencies: Record<string, string> };
const { packages } = readJson('package-lock.json') as {
  packages: Record<string, { dev?: boolean; devOptional?: boolean; optional?: boolean }>;
};
const LIBRARIES = 'node_modules/onnxruntime-node/bin';
const OWN_LIBRARY = path.join('napi-v6', process.platform, process.arch);

let app: string;
let libraries: string[];
let project: TestProject;

beforeAll(async () => {
  app = await mkdtemp(path.join(tmpdir(), 'predawn-image-'));
  libraries = await filesBeneath(path.join(REPOSITORY, LIBRARIES));
  await copyProductionFiles();
  const trims = textsOf(
    dockerfileStages(readFileSync(path.join(REPOSITORY, 'Dockerfile'), 'utf8'))[0]!,
    'RUN',
  ).filter((text) => !text.includes('npm '));
  for (const command of trims) inImage('/bin/sh', ['-c', command]);
}, 120_000);
afterAll(() => rm(app, { recursive: true, force: true }));
beforeEach(async () => {
  project = await sampleProject();
});
afterEach(() => project.drop());

describe('what the Dockerfile leaves', () => {
  it('has the library of this platform, and of no other', async () => {
    const own = libraries.filter((file) => file.startsWith(OWN_LIBRARY + path.sep));
    expect(own.length).toBeGreaterThan(0);
    expect(own.length).toBeLessThan(libraries.length);
    expect(await filesBeneath(path.join(app, LIBRARIES))).toEqual(own);
  });

  it('has no source maps and no types', async () => {
    const files = await filesBeneath(app);
    expect(files.filter((file) => /\.map$|\.[cm]?ts$/.test(file))).toEqual([]);
  });

  it.each(Object.keys(dependencies))('loads %s', (dependency) => {
    const script = `await import(${JSON.stringify(dependency)})`;
    expect(() => inImage(process.execPath, ['--input-type=module', '-e', script])).not.toThrow();
  });

  it.each(['parquet', 'arrow', 'csv'])('scores the sample into %s', async (format) => {
    await project.edit('jobs/churn.yaml', /^output:$/m, `output:\n  format: ${format}`);
    execFileSync(process.execPath, [path.join(app, 'dist/main.js'), 'run', 'churn', '--date', SAMPLE_DATE], {
      cwd: project.folder,
      stdio: 'pipe',
    });
    const published = await filesBeneath(path.join(project.folder, 'predictions/churn_predictions'));
    expect(published).toEqual([`as_of=${SAMPLE_DATE}/predictions.${format}`]);
  });
});

function inImage(file: string, args: string[]): void {
  const { PATH = '' } = process.env;
  const env = { PATH: `${path.dirname(process.execPath)}:${PATH}` };
  execFileSync(file, args, { cwd: app, env, stdio: 'pipe' });
}

/** What `npm run build` and `npm prune --omit=dev` leave; other platforms' libraries as empty files of that name. */
async function copyProductionFiles(): Promise<void> {
  const copy = (file: string) =>
    cp(path.join(REPOSITORY, file), path.join(app, file), {
      recursive: true,
      filter: (from) => !/[/\\]node_modules[/\\].*[/\\]node_modules$/.test(from) && !isOtherLibrary(from),
    });
  for (const file of ['package.json', 'dist', ...productionPackages()]) await copy(file);
  for (const library of libraries) {
    const file = path.join(app, LIBRARIES, library);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, '', { flag: 'a' });
  }
}

/** Folders of the packages that are installed without `dev`; nested ones are named by themselves. */
function productionPackages(): string[] {
  return Object.entries(packages)
    .filter(([folder, { dev, devOptional, optional }]) => folder !== '' && !dev && !devOptional && !optional)
    .map(([folder]) => folder);
}

function isOtherLibrary(file: string): boolean {
  const within = path.relative(path.join(REPOSITORY, LIBRARIES), file);
  return libraries.includes(within) && !within.startsWith(OWN_LIBRARY + path.sep);
}
