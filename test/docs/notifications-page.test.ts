import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { loadSettings } from '../../src/config/settings.js';
import { MAIN, REPOSITORY } from '../helpers/cli.js';
import { sampleProject, type TestProject } from '../helpers/project.js';
import { shell } from './shell.js';
import { fencedBlocks, shellBlocks } from './shell-blocks.js';

/** Follows docs/notifications.md: writes the settings that it shows, and runs every command. */
const PAGE = path.join(REPOSITORY, 'docs/notifications.md');
const [settings, ...sections] = fencedBlocks(PAGE, 'yaml');
const commands = shellBlocks(PAGE).flatMap(({ commands: each }) => each);

describe('docs/notifications.md', () => {
  let project: TestProject;
  beforeAll(async () => {
    project = await sampleProject();
    await mkdir(path.join(project.folder, 'node_modules/.bin'), { recursive: true });
    await symlink(MAIN, path.join(project.folder, 'node_modules/.bin/predawn'));
    await project.write('predawn.yaml', settings!.lines.join('\n'));
  });
  afterAll(() => project.drop());

  it('shows commands, and settings for each kind of receiver', () => {
    expect(commands.length).toBeGreaterThan(5);
    expect(sections.map(({ heading }) => heading)).toHaveLength(5);
  });

  const printed = new Map<string, string>();
  it.each(commands)(
    '%s',
    async (command) => void printed.set(command, await shell(command, project.folder)),
    60_000,
  );

  it('prints what it says', () => {
    expect(printed.get('npx predawn notify')).toMatch(/textfile .*metrics .*openlineage .*lineage\.ndjson /s);
    expect(printed.get('npx predawn notify --test')!.match(/ told$/gm)).toHaveLength(2);
    expect(printed.get('cat metrics/predawn_dev_churn.prom')).toMatch(
      /^predawn_last_run_exit_code\{.*\} 0$/m,
    );
    expect(JSON.parse(printed.get('tail -n 1 lineage.ndjson')!)).toMatchObject({ eventType: 'COMPLETE' });
  });

  it.each(sections)('$heading: the settings are understood', async ({ lines }) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'predawn-settings-'));
    const file = path.join(folder, 'predawn.yaml');
    const shown = parse(lines.join('\n')) as object;
    await writeFile(file, stringify({ environments: { dev: { destination: './out', ...shown } } }));
    const url = 'https://chat.example/hook';
    const variables = {
      HEALTHCHECKS_KEY: 'k',
      SLACK_WEBHOOK_URL: url,
      TEAMS_WORKFLOW_URL: url,
      INCIDENTS_TOKEN: 't',
      OPENLINEAGE_API_KEY: 'o',
    };
    const { environment } = await loadSettings({ path: file, variables, cores: 1 });
    expect(environment.notify?.problems).toEqual([]);
    await rm(folder, { recursive: true });
  });
});
