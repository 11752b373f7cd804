import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { REPOSITORY } from '../helpers/cli.js';

/**
 * Builds the image and runs it, which takes minutes and needs podman or docker:
 *
 *     deploy/container/base.sh localhost/node:24-bookworm-slim      where the Dockerfile's base can't be pulled
 *     PREDAWN_TEST_BASE_IMAGE=localhost/node:24-bookworm-slim npx vitest run test/deploy/image.test.ts
 */
const BASE = process.env['PREDAWN_TEST_BASE_IMAGE'] ?? '';
const script = (name: string) => path.join(REPOSITORY, 'deploy/container', name);

describe('deploy/container', () => {
  it.each(['base.sh', 'try.sh'])('%s is a shell script', (name) => {
    const { status, stderr } = spawnSync('sh', ['-n', script(name)], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it.skipIf(BASE === '')(
    'try.sh finds nothing wrong with the image (skipped unless PREDAWN_TEST_BASE_IMAGE names a base)',
    () => {
      const { status, stdout, stderr } = spawnSync(script('try.sh'), [BASE], { encoding: 'utf8' });
      expect(`${stdout}${stderr}`).not.toContain('FAILED');
      expect(status, stderr).toBe(0);
    },
    1_200_000,
  );
});
