import { PredawnError } from './errors.js';
import { nearest } from './nearest.js';
import type { AliasMove } from './registry.js';

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

/** For a record of the registry that is not as predawn wrote it; `where` is a path or another place. */
export function damaged(where: string, problem: string, cause?: unknown): PredawnError {
  return new PredawnError('artefact', 'registry.damaged', `${where} is not as predawn wrote it: ${problem}`, {
    hint: 'Restore it from a copy of the registry; versions and moves are never changed once written.',
    cause,
  });
}

/** For a version that an alias named, so that it was there once. */
export function missingVersion(where: string, name: string, version: number): PredawnError {
  return new PredawnError(
    'artefact',
    'version.missing',
    `Version ${version} of ${name} was made live, but ${where} is not there.`,
    {
      hint: `Restore it from a copy of the registry, or make another version live: "predawn model promote ${name} VERSION --to ENVIRONMENT".`,
    },
  );
}

/** For a version whose digest is no longer the one that `move` made live. */
export function replacedVersion(where: string, move: AliasMove, digest: string): PredawnError {
  return new PredawnError(
    'artefact',
    'artefact.digest',
    `${where} was replaced after it was made live in ${move.environment}: it was ${move.digest}, it is ${digest}.`,
    {
      hint: `Restore it from a copy of the registry, or make another version live: "predawn model promote ${move.model} VERSION --to ${move.environment}".`,
    },
  );
}

export function unknownModel(location: string, name: string, known: readonly string[]): PredawnError {
  const meant = nearest(name, known);
  const question = meant === undefined ? '' : ` Did you mean ${meant}?`;
  return new PredawnError(
    'configuration',
    'model.unknown',
    `There is no model ${name} in ${location}.${question}`,
    { hint: `Add it with "predawn model add ${name} FILE.onnx", or see "predawn model list".` },
  );
}

export function unknownVersion(name: string, version: number, known: readonly number[]): PredawnError {
  return new PredawnError(
    'configuration',
    'version.unknown',
    `Model ${name} has no version ${version}; it has ${known.join(', ')}.`,
    { hint: `See "predawn model show ${name}".` },
  );
}
