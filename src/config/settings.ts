import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { PredawnError } from '../domain/errors.js';
import type { Project, Settings } from '../domain/job.js';
import type { NotifySettings } from '../domain/notify.js';
import { didYouMean } from '../domain/nearest.js';
import { canaryRules } from './canary-schema.js';
import { checkYaml } from './check.js';
import { orderProblems } from './environment-order.js';
import { isMissing, readConfigText } from './files.js';
import { gateRules } from './gate-schema.js';
import { type NotifyPlace, resolveNotify } from './notify.js';
import { notifySchema } from './notify-schema.js';
import { type PlaceKind, resolvePlace } from './places.js';
import { environmentNameProblems, settingsSchema } from './settings-schema.js';
import type { Variables } from './variables.js';
import { combineProblems, parseYaml, type YamlError, type YamlFile, type YamlPath } from './yaml-file.js';

const FILE = 'predawn.yaml';
const DEFAULT_BLOCK_BYTES = 2 ** 20;
const MOST_DEFAULT_WORKERS = 8;

export interface SettingsRequest {
  readonly path: string;
  /** Undefined: the first one of the file. */
  readonly environment?: string | undefined;
  readonly variables: Variables;
  readonly cores: number;
}

/**
 * Where the settings are: the file asked for, else predawn.yaml in the folder or the nearest one above it.
 *
 * @throws PredawnError kind `configuration` where there is none
 */
export async function findSettings(cwd: string, explicitPath?: string): Promise<string> {
  if (explicitPath !== undefined) return path.resolve(cwd, explicitPath);
  for (let folder = path.resolve(cwd); ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, FILE);
    if (await exists(candidate)) return candidate;
    if (folder === path.dirname(folder)) break;
  }
  throw new PredawnError(
    'configuration',
    'settings.none',
    `There is no ${FILE} in ${cwd} or any folder above it.`,
    {
      hint: '`predawn init` makes one from a model and its input.',
    },
  );
}

/**
 * Reads and checks what holds for every environment: no environment's variables are needed.
 *
 * @throws PredawnError kind `configuration` with every problem of the file, each with line and column
 */
export async function loadProject(request: Omit<SettingsRequest, 'environment'>): Promise<Project> {
  const { project, problems } = await read(request);
  if (problems.length > 0) throw combineProblems(problems, project.path);
  return project;
}

/**
 * Reads and checks the settings for one environment. Only that one's variables are needed.
 *
 * @throws PredawnError kind `configuration` with every problem of the file, each with line and column
 */
export async function loadSettings(request: SettingsRequest): Promise<Settings> {
  const { value, project, place, problems, yaml } = await read(request);
  const { path: file } = project;
  const name = environmentNamed(request.environment, project);
  const chosen = value.environments[name]!;

  const inEnvironment = (key: string): YamlPath => ['environments', name, key];
  const { source, destination, retain } = chosen;
  const environment = {
    name,
    source: source === undefined ? undefined : place(source, inEnvironment('source'), 'folder or database'),
    destination: place(destination, inEnvironment('destination'), 'folder or database'),
    retain,
    notify: chosen.notify && resolveNotify(chosen.notify, notifyPlace(name, project.root, yaml, request)),
  };
  if (problems.length > 0) throw combineProblems(problems, file);
  return { ...project, environment };
}

/**
 * Who is to be told that the settings can't be used, or that a job can't: read from the file whatever else is wrong
 * with it. Undefined where nobody is, or where not even that can be read.
 */
export async function loadNotify(request: SettingsRequest): Promise<NotifyTarget | undefined> {
  try {
    const file = path.resolve(request.path);
    const { file: yaml } = parseYaml(await readSettings(file), file);
    const environment = request.environment ?? yaml.keys(['environments'])[0]!;
    const { environments } = yaml.value as { environments: Record<string, { notify?: unknown }> };
    if (!Object.hasOwn(environments, environment)) return undefined;
    const raw = notifySchema().parse(environments[environment]!.notify);
    const root = path.dirname(file);
    return { environment, notify: resolveNotify(raw, notifyPlace(environment, root, yaml, request)) };
  } catch {
    return undefined;
  }
}

export interface NotifyTarget {
  readonly environment: string;
  readonly notify: NotifySettings;
}

function notifyPlace(
  environment: string,
  root: string,
  yaml: YamlFile,
  { variables }: SettingsRequest,
): NotifyPlace {
  return {
    ...{ environment, root, variables },
    problem: (at, message, hint) =>
      yaml.problem({ code: 'config.notify', message, hint, path: at, at: 'value' }),
  };
}

/**
 * An environment's name, if there is one of that name; the first one where none is asked for.
 *
 * @throws PredawnError kind `configuration`, with the nearest name
 */
export function environmentNamed(asked: string | undefined, { path: file, environments }: Project): string {
  const name = asked ?? environments[0]!;
  if (environments.includes(name)) return name;
  throw new PredawnError('configuration', 'environment.unknown', `${file} has no environment "${name}".`, {
    hint: didYouMean(name, environments, `Environments there are: ${environments.join(', ')}.`),
  });
}

/** The file's values, the project in them, and a way to resolve further places that collects their problems. */
async function read({ path: given, variables, cores }: Omit<SettingsRequest, 'environment'>) {
  const file = path.resolve(given);
  const root = path.dirname(file);
  const { value, file: yaml } = await checkYaml(await readSettings(file), file, settingsSchema, (file) => [
    ...environmentNameProblems(file),
    ...orderProblems(file),
  ]);
  const problems: YamlError[] = [];
  const place = (text: string, at: YamlPath, kind: PlaceKind): string =>
    resolvePlace(text, kind, root, variables, (message, hint) =>
      problems.push(
        yaml.problem({
          code: 'config.place',
          message: `${at.join('.')} ${message}`,
          hint,
          path: at,
          at: 'value',
        }),
      ),
    );
  const project: Project = {
    path: file,
    root,
    registry: place(value.registry, ['registry'], 'folder or database'),
    cache: value.cache === undefined ? defaultCache(variables) : place(value.cache, ['cache'], 'folder'),
    jobs: place(value.jobs, ['jobs'], 'folder'),
    environments: yaml.keys(['environments']),
    promotion: Object.fromEntries(
      Object.entries(value.environments).map(([name, { after, gate, canary }]) => [
        name,
        { after, gate: gate && gateRules(gate), ...(canary && { canary: canaryRules(canary) }) },
      ]),
    ),
    workers: value.workers ?? Math.max(1, Math.min(cores, MOST_DEFAULT_WORKERS)),
    blockBytes: value.block_bytes ?? DEFAULT_BLOCK_BYTES,
  };
  return { value, project, place, problems, yaml };
}

/** As the XDG base directory specification has it; undefined for a user without a home. */
function defaultCache(variables: Variables): string | undefined {
  const given = variables['XDG_CACHE_HOME'] ?? '';
  if (path.isAbsolute(given)) return path.join(given, 'predawn');
  const home = variables['HOME'] ?? '';
  return path.isAbsolute(home) ? path.join(home, '.cache', 'predawn') : undefined;
}

async function readSettings(file: string): Promise<string> {
  try {
    return readConfigText(await readFile(file), file);
  } catch (error) {
    if (error instanceof PredawnError) throw error;
    const what = isMissing(error) ? 'There are no settings at' : "Can't read the settings at";
    throw new PredawnError('configuration', 'settings.none', `${what} ${file}.`, {
      hint: '`predawn init` makes a predawn.yaml; --config names another file.',
      cause: error,
    });
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}
