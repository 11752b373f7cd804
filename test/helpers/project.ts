import { createHash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type CliResult, REPOSITORY, runCli, type RunningCli, startCli } from './cli.js';
import type { InProcessResult } from './in-process.js';

/** A project of a user's own in a temporary folder, with the sample model live in every environment. */
export interface TestProject {
  readonly folder: string;
  run(...args: string[]): Promise<CliResult>;
  /** The same without a process of its own: for what a test needs but is not about. */
  inProcess(...args: string[]): Promise<InProcessResult>;
  start(...args: string[]): RunningCli;
  /** The same with more environment variables. */
  startWith(env: Record<string, string>, ...args: string[]): RunningCli;
  write(file: string, content: string | Uint8Array): Promise<void>;
  read(file: string): Promise<string>;
  /** Replaces text in a file of the project; the text must be there. */
  edit(file: string, from: string | RegExp, to: string): Promise<void>;
  drop(): Promise<void>;
}

export interface ProjectOptions {
  /** Environment variables that every command gets. */
  readonly env?: Record<string, string>;
  /** YAML of `predawn.yaml`; default: one environment `dev` on files. */
  readonly settings?: string;
}

export const SAMPLE_DATE = '2026-11-21';

const SETTINGS = `
registry: ./registry
workers: 2
environments:
  dev:
    destination: ./predictions
`;

/** The sample job in a folder of its own, ready to run for SAMPLE_DATE. */
export async function sampleProject(options: ProjectOptions = {}): Promise<TestProject> {
  const folder = await mkdtemp(path.join(tmpdir(), 'predawn-project-'));
  const { env = {} } = options;
  const inFolder = (file: string) => path.join(folder, file);
  const project: TestProject = {
    folder,
    run: (...args) => runCli(args, { cwd: folder, env }),
    // Loaded where it is asked for: it is the whole program.
    inProcess: async (...args) => (await import('./in-process.js')).runInProcess(args, { cwd: folder, env }),
    start: (...args) => startCli(args, { cwd: folder, env }),
    startWith: (more, ...args) => startCli(args, { cwd: folder, env: { ...env, ...more } }),
    write: async (file, content) => {
      await mkdir(path.dirname(inFolder(file)), { recursive: true });
      await writeFile(inFolder(file), content);
    },
    read: (file) => readFile(inFolder(file), 'utf8'),
    edit: async (file, from, to) => {
      const before = await readFile(inFolder(file), 'utf8');
      const after = before.replace(from, () => to);
      if (after === before) throw new Error(`${file} does not contain ${String(from)}`);
      await writeFile(inFolder(file), after);
    },
    drop: () => rm(folder, { recursive: true, force: true }),
  };

  await cp(await registeredTemplate(options.settings ?? SETTINGS), folder, { recursive: true });
  return project;
}

/** What the sample model is added with. */
export const GOLDEN = [
  ...['--golden', 'data-samples/churn/golden.csv'],
  ...['--expected', 'data-samples/churn/expected.csv'],
];

const templates = new Map<string, Promise<string>>();

/** A folder with the sample job and its model live everywhere, made once for each `predawn.yaml`. */
function registeredTemplate(settings: string): Promise<string> {
  const made = templates.get(settings) ?? findTemplate(settings);
  templates.set(settings, made);
  return made;
}

/** In the suite's folder, where it has one, other test files find it too. */
async function findTemplate(settings: string): Promise<string> {
  const shared = process.env['PREDAWN_TEST_TEMPLATES'];
  if (shared === undefined) {
    const folder = await mkdtemp(path.join(tmpdir(), 'predawn-template-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    await makeTemplate(folder, settings);
    return folder;
  }
  const folder = path.join(shared, createHash('sha256').update(settings).digest('hex'));
  if (existsSync(folder)) return folder;
  await mkdir(shared, { recursive: true });
  const made = await mkdtemp(path.join(shared, 'making-'));
  await makeTemplate(made, settings);
  // Whoever comes second has made the same.
  await rename(made, folder).catch(() => rm(made, { recursive: true }));
  return folder;
}

async function makeTemplate(folder: string, settings: string): Promise<void> {
  await cp(path.join(REPOSITORY, 'jobs'), path.join(folder, 'jobs'), { recursive: true });
  await cp(path.join(REPOSITORY, 'data-samples/churn'), path.join(folder, 'data-samples/churn'), {
    recursive: true,
  });
  await writeFile(path.join(folder, 'predawn.yaml'), settings);
  const environments = [...settings.matchAll(/^ {2}(\w+):$/gm)].map((match) => match[1]!);
  const commands = [
    ['add', 'churn', 'data-samples/churn/model.onnx', ...GOLDEN],
    ...environments.map((environment) => ['promote', 'churn', '1', '--to', environment]),
  ];
  for (const command of commands) {
    const { code, stderr } = await runCli(['model', ...command, '--quiet'], { cwd: folder });
    if (code !== 0) throw new Error(`The template can't be made: ${stderr}`);
  }
}

/** Runs a command that must succeed, without a process of its own, and gives its standard output. */
export async function succeed(project: TestProject, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await project.inProcess(...args);
  if (code !== 0) throw new Error(`predawn ${args.join(' ')} exited with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

/** Every file beneath a folder, relative to it; none where it does not exist. */
export async function filesBeneath(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}
