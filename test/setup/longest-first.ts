import path from 'node:path';
import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';

const TESTS = path.resolve(import.meta.dirname, '..');

/** What takes longest, longest first. On a fresh checkout vitest goes by size, and the short files among them came last. */
const LONGEST = [
  'faults/postgres.test.ts',
  'e2e/restore.test.ts',
  'e2e/shards.test.ts',
  'docs/shell-blocks.test.ts',
  'fidelity/reference-models.test.ts',
  'e2e/gates.test.ts',
  'fuzz/csv-decoding.test.ts',
  'e2e/rollout.test.ts',
  'postgres/registry.test.ts',
  'faults/files.test.ts',
  'bench/bench.test.ts',
];

/** Begins with the files that take longest, so that the last core to be busy is not alone for minutes. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => place(one) - place(other));
  }
}

function place({ moduleId }: TestSpecification): number {
  const found = LONGEST.indexOf(path.relative(TESTS, moduleId).replaceAll('\\', '/'));
  return found < 0 ? LONGEST.length : found;
}
