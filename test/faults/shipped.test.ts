import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { STEPS } from '../../src/domain/failpoint.js';
import { REPOSITORY } from '../helpers/cli.js';

/** Steps whose names are no words that a program has anyway. */
const TELLING = STEPS.filter((step) => step.includes(' '));

test.each([
  ['dist', 'none'],
  ['dist-faults', 'all'],
] as const)('%s has %s of the failpoints', (folder, which) => {
  const beneath = path.join(REPOSITORY, folder);
  const code = readdirSync(beneath)
    .filter((name) => name.endsWith('.js'))
    .map((name) => readFileSync(path.join(beneath, name), 'utf8'))
    .join('\n')
    // Lines are kept short, within texts too.
    .replaceAll('\\\n', '');
  const found = TELLING.filter((step) => code.includes(`"${step}"`) || code.includes(`'${step}'`));
  expect(found).toEqual(which === 'all' ? TELLING : []);
  expect(code.includes('PREDAWN_FAILPOINT')).toBe(which === 'all');
});
