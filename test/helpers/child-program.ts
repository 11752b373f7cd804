import path from 'node:path';
import { inject } from 'vitest';
import type { CHILDREN } from '../setup/children.js';

/** The file of one of the suite's own programs, ready for Node. */
export function childProgram(name: keyof typeof CHILDREN): string {
  return path.join(inject('childrenFolder'), `${name}.mjs`);
}
