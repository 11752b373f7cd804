import { PredawnError } from '../domain/errors.js';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Throws kind `configuration`, code `registry.name`, unless `name` is fit to be a folder's name everywhere. */
export function checkName(what: 'model' | 'environment', name: string): void {
  if (NAME.test(name)) return;
  throw new PredawnError(
    'configuration',
    'registry.name',
    `${JSON.stringify(name)} is no name for a ${what}.`,
    {
      hint: 'Use up to 64 letters, digits, dots, dashes and underscores, beginning with a letter or digit.',
    },
  );
}

/** Whether a folder in the registry can be a model's. */
export function isName(name: string): boolean {
  return NAME.test(name);
}
