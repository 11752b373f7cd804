import path from 'node:path';

export const REPOSITORY = path.resolve(import.meta.dirname, '..');

/** The built program: what is measured is what is installed. */
export const MAIN = path.join(REPOSITORY, 'dist/main.js');

/** A module of the built program, to be imported with the types of its source: `import(built('wiring.js'))`. */
export function built(module: string): string {
  return new URL(`../dist/${module}`, import.meta.url).href;
}
