import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIN, REPOSITORY } from '../helpers/cli.js';
import { shell } from './shell.js';
import { fencedBlocks, shellBlocks } from './shell-blocks.js';

/** Follows docs/promotion.md in a folder of one's own: writes the settings that it shows, and runs every command. */
const PAGE = path.join(REPOSITORY, 'docs/promotion.md');
const SAMPLES = path.join(REPOSITORY, 'data-samples/churn');

let own: string;
beforeAll(async () => {
  own = await mkdtemp(path.join(tmpdir(), 'predawn-own-'));
  for (const [from, to] of [
    ['model.onnx', 'model.onnx'],
    ['golden.csv', 'golden.csv'],
    ['expected.csv', 'expected.csv'],
    ['2026-11-19.csv', 'exports/2026-11-19.csv'],
    ['2026-11-20.csv', 'exports/2026-11-20.csv'],
    ['2026-11-21.csv', 'exports/2026-11-21.csv'],
  ] as const) {
    await cp(path.join(SAMPLES, from), path.join(own, to));
  }
  await writeFile(
    path.join(own, 'retrained.onnx'),
    described(await readFile(path.join(SAMPLES, 'model.onnx'))),
  );
  await mkdir(path.join(own, 'node_modules/.bin'), { recursive: true });
  await symlink(MAIN, path.join(own, 'node_modules/.bin/predawn'));
});
afterAll(() => rm(own, { recursive: true, force: true }));

/** The same model with a description, `doc_string`: other bytes, the same scores. */
function described(model: Uint8Array): Uint8Array {
  const more = new BinaryWriter().tag(6, WireType.LengthDelimited).string('retrained').finish();
  return Buffer.concat([model, more]);
}

describe('docs/promotion.md', () => {
  const settings = fencedBlocks(PAGE, 'yaml');
  const commands = shellBlocks(PAGE).flatMap(({ heading, commands: each }) =>
    each.map((command) => ({ heading, command })),
  );

  it('shows commands, and the settings of one section', () => {
    expect(commands.length).toBeGreaterThan(10);
    expect(settings).toHaveLength(1);
  });

  const printed = new Map<string, string>();
  it.each(commands)(
    '$command',
    async ({ heading, command }) => {
      if (heading === settings[0]!.heading)
        await writeFile(path.join(own, 'predawn.yaml'), settings[0]!.lines.join('\n'));
      printed.set(command, await shell(command, own));
    },
    60_000,
  );

  it('ends where it says: rolled back in production, with the reports in the history', () => {
    const last = printed.get('npx predawn model history leavers --env production --gates');
    expect(last).toMatch(/promote +– +2 .*passed +reviewed/);
    expect(last).toMatch(/promote +2 +3 .*passed/);
    expect(last).toMatch(/rollback +3 +2 .*complaints/);
    expect(last).toMatch(/max_label_change +passed +0 % +2 % +0 of 1,500 rows against leavers@2/);
  });
});
