import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/setup/longest-first.js';

// Most tests start processes, and where a machine sets this, each reads its certificates: three times a bare start.
delete process.env['NODE_EXTRA_CA_CERTS'];
// As src/main.ts does for the program itself.
process.env['ORT_DISABLE_TELEMETRY'] = '1';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup/temporary-folder.ts', 'test/setup/children.ts', 'test/setup/postgres.ts'],
    sequence: { sequencer: LongestFirst },
    pool: 'forks',
    // Many tests wait for a process or the database; left to itself, vitest takes a core less than there are.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
