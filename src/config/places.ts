import path from 'node:path';
import { fillVariables, type Variables } from './variables.js';

export type PlaceKind = 'folder' | 'folder or database';

type Complain = (message: string, hint: string) => void;

const POSTGRES = /^postgres(?:ql)?:\/\//;
const OTHER_SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
/** A URL without its scheme or its slashes, or a libpq connection string: taken for a folder, its password would be in every message. */
const LOOKS_SECRET =
  /^postgres(?:ql)?:|\/\/[^/]*@|^(?!\.|[a-z]:[/\\])[^/\\]*:.*@|\bpassword\s*=|\b(?:host|dbname|user)\s*=/is;

/**
 * A place in the settings with its variables filled in: a postgres:// URL as it is, a folder as an absolute path.
 *
 * @param root what relative folders start from
 * @param complain called with everything wrong; never with the place itself, which may hold a password
 */
export function resolvePlace(
  text: string,
  kind: PlaceKind,
  root: string,
  variables: Variables,
  complain: Complain,
): string {
  const place = fillVariables(text, variables, complain);
  if (place === undefined) return '';
  const problem = problemOf(place, kind);
  if (problem !== undefined) complain(...problem);
  return POSTGRES.test(place) ? place : path.resolve(root, place);
}

function problemOf(place: string, kind: PlaceKind): [message: string, hint: string] | undefined {
  if (POSTGRES.test(place)) {
    if (kind === 'folder') return ['must be a folder, not a database.', 'Give a path.'];
    if (URL.canParse(place)) return undefined;
    return [
      'is not a valid postgres:// URL.',
      'Special characters in user and password are written as %-codes, for example # as %23 and @ as %40.',
    ];
  }
  const [, scheme] = OTHER_SCHEME.exec(place) ?? [];
  if (scheme !== undefined) return [`is a ${scheme}:// URL.`, `predawn knows postgres:// URLs and folders.`];
  if (LOOKS_SECRET.test(place)) {
    return [
      'looks like a database connection without postgres:// in front.',
      'Write it as postgres://user:password@host:5432/database.',
    ];
  }
  return undefined;
}
