import path from 'node:path';

export const REPOSITORY = path.resolve(import.meta.dirname, '..');

/** The built program: what is measured is what is installed. */
export const MAIN = path.join(REPOSITORY, 'dist/main.js');
