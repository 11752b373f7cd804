import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findSettings, loadSettings, type SettingsRequest } from '../../src/config/settings.js';
import type { Settings } from '../../src/domain/job.js';
import { withProject } from './load-job-text.js';
import { problemsOf } from './problems.js';

const MINIMAL = 'environments:\n  dev:\n    destination: ./predictions\n';

type Request = Partial<Omit<SettingsRequest, 'path'>>;

function load(text: string, request: Request = {}): Promise<Settings> {
  return withProject(async (root) => {
    const file = path.join(root, 'predawn.yaml');
    await writeFile(file, text);
    const settings = await loadSettings({ path: file, variables: {}, cores: 2, ...request });
    // Every folder is under the project's: compare without it.
    return JSON.parse(JSON.stringify(settings).replaceAll(root, '/project')) as Settings;
  });
}

/** Messages and hints, from the line on. */
async function problems(text: string, request: Request = {}): Promise<string[]> {
  return (await problemsOf(load(text, request))).map((message) =>
    message.replace(/^.*predawn\.yaml[, ]*/, ''),
  );
}

/** Settings with one environment whose destination is that text. */
function destination(place: string): string {
  return `environments: { dev: { destination: ${JSON.stringify(place)} } }\n`;
}

describe('loadSettings', () => {
  it('fills in the defaults', async () => {
    expect(await load(MINIMAL, { cores: 4 })).toEqual({
      path: '/project/predawn.yaml',
      root: '/project',
      registry: '/project/registry',
      jobs: '/project/jobs',
      environment: { name: 'dev', destination: '/project/predictions', retain: 3 },
      environments: ['dev'],
      promotion: { dev: {} },
      workers: 4,
      blockBytes: 1_048_576,
    });
  });

  it('uses at most 8 cores unless told', async () => {
    expect((await load(MINIMAL, { cores: 64 })).workers).toBe(8);
    expect((await load(`workers: 32\n${MINIMAL}`, { cores: 64 })).workers).toBe(32);
  });

  it('takes the first environment of the file, also where names look like numbers', async () => {
    const text =
      'environments:\n  zeta: { destination: a }\n  "2": { destination: b }\n  "1": { destination: c }\n';
    const settings = await load(text);
    expect(settings.environment.name).toBe('zeta');
    expect(settings.environments).toEqual(['zeta', '2', '1']);
    expect((await load(text, { environment: '1' })).environment.destination).toBe('/project/c');
  });

  it.each([
    ['262144', 262_144],
    ['1MiB', 1_048_576],
    ['"256 KiB"', 262_144],
    ['0.5MiB', 524_288],
    ['1', 1],
  ])('reads block_bytes %s', async (text, bytes) => {
    expect((await load(`block_bytes: ${text}\n${MINIMAL}`)).blockBytes).toBe(bytes);
  });

  it.each(['0', '-1', '1.5', '1MB', '2048MiB', 'many', '[1]'])('refuses block_bytes %s', async (text) => {
    const [problem] = await problems(`block_bytes: ${text}\n${MINIMAL}`);
    expect(problem).toMatch(/^line 1, column 14: block_bytes must be a/);
  });

  it('reports every problem at once, in the order of the file', async () => {
    const text = `regsitry: ./registry
workers: 0
environments:
  dev:
    destnation: ./predictions
  my env:
    destination: 7
    retain: 1.5
`;
    expect(await problems(text)).toEqual([
      'line 1, column 1: unknown key "regsitry". Did you mean "registry"?',
      'line 2, column 10: workers must be at least 1.',
      'line 4, column 3: environments.dev.destination is missing.',
      'line 5, column 5: unknown key "destnation" under environments.dev. Did you mean "destination"?',
      expect.stringMatching(
        /^line 6, column 3: the name of environment "my env" must begin with a letter or digit/,
      ),
      'line 7, column 18: environments.my env.destination must be text, not the number 7. Write it in quotes.',
      'line 8, column 13: environments.my env.retain must be a whole number, not the number 1.5.',
    ]);
  });

  it('refuses a file without environments', async () => {
    expect(await problems('registry: r\n')).toEqual(['line 1, column 1: environments is missing.']);
    expect(await problems('environments: {}\n')).toEqual([
      'line 1, column 15: environments must have an environment.',
    ]);
  });

  it('names the environments there are', async () => {
    const text = 'environments: { dev: { destination: a }, production: { destination: b } }\n';
    expect(await problems(text, { environment: 'prodution' })).toEqual([
      'has no environment "prodution". Did you mean "production"?',
    ]);
    expect(await problems(text, { environment: 'toString' })).toEqual([
      'has no environment "toString". Environments there are: dev, production.',
    ]);
  });
});

describe('variables', () => {
  const text = `registry: \${REGISTRY:-./models}
environments:
  dev: { destination: ./predictions }
  production:
    source: \${SOURCE_URL}
    destination: "postgres://app:\${PASSWORD}@db:5432/\${DATABASE:-marts}"
`;

  it('are needed for the environment in use only', async () => {
    const settings = await load(text);
    expect(settings.environment.name).toBe('dev');
    expect(settings.registry).toBe('/project/models');
  });

  it('may name a registry in a database', async () => {
    const url = 'postgres://app:s%23cret@db:5432/registry';
    expect((await load(text, { variables: { REGISTRY: url } })).registry).toBe(url);
    expect(await problems(text, { variables: { REGISTRY: 's3://bucket' } })).toHaveLength(1);
  });

  it('say where fetched files are kept, unless the settings do', async () => {
    const cacheWith = async (more: string, variables: Record<string, string>) =>
      (await load(`${more}${MINIMAL}`, { variables })).cache;
    expect(await cacheWith('', { HOME: '/home/ada' })).toBe('/home/ada/.cache/predawn');
    expect(await cacheWith('', { HOME: '/home/ada', XDG_CACHE_HOME: '/var/cache' })).toBe(
      '/var/cache/predawn',
    );
    expect(await cacheWith('', { HOME: '/home/ada', XDG_CACHE_HOME: 'relative' })).toBe(
      '/home/ada/.cache/predawn',
    );
    expect(await cacheWith('', {})).toBeUndefined();
    expect(await cacheWith('cache: ./kept\n', { HOME: '/home/ada' })).toBe('/project/kept');
  });

  it('are filled in', async () => {
    const variables = {
      SOURCE_URL: 'postgresql://reader@db/app',
      PASSWORD: 's%23cret',
      REGISTRY: '/srv/models',
    };
    const settings = await load(text, { environment: 'production', variables });
    expect(settings.registry).toBe('/srv/models');
    expect(settings.environment).toEqual({
      name: 'production',
      source: 'postgresql://reader@db/app',
      destination: 'postgres://app:s%23cret@db:5432/marts',
      retain: 3,
    });
  });

  it('are named with their places where they are not set, or empty', async () => {
    expect(await problems(text, { environment: 'production', variables: { PASSWORD: '' } })).toEqual([
      'line 5, column 13: environments.production.source needs the environment variable SOURCE_URL, which is not set. Set SOURCE_URL, or write a default: ${SOURCE_URL:-default}.',
      'line 6, column 18: environments.production.destination needs the environment variable PASSWORD, which is not set. Set PASSWORD, or write a default: ${PASSWORD:-default}.',
    ]);
  });

  it('are not looked for in values', async () => {
    const settings = await load(destination('${PLACE}'), { variables: { PLACE: './${HOME}/$1' } });
    expect(settings.environment.destination).toBe('/project/${HOME}/$1');
  });

  it.each(['${', '${}', '${1A}', '${A-b}', 'a${B', '${A B}'])('refuses %s', async (place) => {
    const [problem] = await problems(destination(place), { variables: { A: 'a', B: 'b' } });
    expect(problem).toContain('has a "${" that begins no variable.');
  });

  it.each([
    ['a URL that does not parse', 'postgres://app:hunter2@db:port/x'],
    ['a URL of something else', 'mysql://app:hunter2@db/x'],
    ['a URL that lost its scheme', 'app:hunter2@db/x'],
    ['a URL that lost its scheme, of a password with a slash', 'app:hun/hunter2@db/x'],
    ['a URL that lost its colon', 'postgres//app:hunter2@db/x'],
    ['a libpq connection string', 'host=db password=hunter2'],
  ])('never show their values: %s', async (_, url) => {
    const [problem] = await problems(destination('${URL}'), { variables: { URL: url } });
    expect(problem).toContain('environments.dev.destination');
    expect(problem).not.toContain('hunter2');
  });

  it('never show what stands beside them in a file that is not YAML', async () => {
    const written = await problems(
      'environments:\n  dev:\n    destination: "x" postgres://app:hunter2@db/x ]\n',
    );
    expect(written.length).toBeGreaterThan(0);
    expect(written.join('\n')).not.toContain('hunter2');
  });

  it('keep any value without a scheme in the project or where it points to', async () => {
    const folder = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,19}$/);
    await fc.assert(
      fc.asyncProperty(folder, async (name) => {
        const { environment } = await load(destination('${PLACE}'), { variables: { PLACE: name } });
        expect(environment.destination).toBe(path.resolve('/project', name));
      }),
      { numRuns: 30 },
    );
  });
});

describe('findSettings', () => {
  it('walks up to the nearest predawn.yaml', async () => {
    await withProject(async (root) => {
      const deep = path.join(root, 'a', 'b');
      await mkdir(deep, { recursive: true });
      await writeFile(path.join(root, 'predawn.yaml'), MINIMAL);
      expect(await findSettings(deep)).toBe(path.join(root, 'predawn.yaml'));
      await writeFile(path.join(root, 'a', 'predawn.yaml'), MINIMAL);
      expect(await findSettings(deep)).toBe(path.join(root, 'a', 'predawn.yaml'));
      expect(await findSettings(deep, '../../predawn.yaml')).toBe(path.join(root, 'predawn.yaml'));
    });
  });

  it('says how to begin where there is none', async () => {
    await withProject(async (root) => {
      const [problem] = await problemsOf(findSettings(root));
      expect(problem).toContain('`predawn init` makes one');
      const asked = await findSettings(root, 'other.yaml');
      const [missing] = await problemsOf(loadSettings({ path: asked, variables: {}, cores: 1 }));
      expect(missing).toContain(`There are no settings at ${asked}.`);
    });
  });
});

it('tells in the sample settings what is true', async () => {
  const text = await readFile(new URL('../../predawn.yaml', import.meta.url), 'utf8');
  const [first] = (await load(text)).environments;
  expect(first).toBe('dev');
  expect(await problems(text, { environment: 'production' })).toHaveLength(2);
});
