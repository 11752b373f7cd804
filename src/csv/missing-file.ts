import { readdir } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import { PredawnError } from '../domain/errors.js';

const DATE = /\d{4}-\d{2}-\d{2}/;
const MOST_NEIGHBOURS = 3;

/** What is asked for, for messages. */
export interface InputRequest {
  /** Absolute. */
  readonly path: string;
  readonly displayPath: string;
  readonly job: string;
  /** YYYY-MM-DD. */
  readonly asOf: string;
}

/** What a file system error means for a job whose input it hit; other errors come back as they are. */
export async function openFault(error: unknown, request: InputRequest): Promise<unknown> {
  const { displayPath, job, asOf } = request;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const message = `Job ${job} has no input for ${asOf}: ${displayPath} does not exist`;
    return new PredawnError('input', 'input.missing', message, { hint: await hint(request), cause: error });
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'ELOOP' || code === 'ENAMETOOLONG') {
    return new PredawnError('configuration', 'input.unreadable', `${displayPath} cannot be read: ${code}`, {
      hint: `Let the user that runs job ${job} read the file and the folders above it.`,
      cause: error,
    });
  }
  if (code === 'EMFILE' || code === 'ENFILE' || code === 'EIO' || code === 'ESTALE') {
    return new PredawnError('unavailable', 'input.unavailable', `${displayPath} cannot be read: ${code}`, {
      hint: 'Run again; if it stays so, the file system or the limit of open files needs a look.',
      cause: error,
    });
  }
  return error;
}

async function hint({ path, displayPath, asOf }: InputRequest): Promise<string> {
  const part = datedPart(path, asOf);
  const folder = part === undefined ? dirname(path) : part.folder;
  const shown = displayPath.endsWith(path.slice(folder.length))
    ? displayPath.slice(0, displayPath.length - path.slice(folder.length).length) || '.'
    : folder;
  const names = await readdir(folder).catch(() => undefined);
  if (names === undefined)
    return `The folder ${shown} does not exist: check input.csv and the environment's source.`;
  if (part === undefined) return 'Check input.csv, or run again when the file is there.';
  const dated = names
    .map((name) => ({ name, date: DATE.exec(name)?.[0] }))
    .filter(({ name, date }) => date !== undefined && name === part.name.replaceAll(asOf, date))
    .map(({ name, date }) => ({ name, days: daysBetween(date!, asOf) }))
    .sort((one, other) => Math.abs(one.days) - Math.abs(other.days));
  if (dated.length === 0) return `There is no file of any date in ${shown}: check input.csv.`;
  const newest = dated.reduce((best, candidate) => (candidate.days > best.days ? candidate : best));
  const nearest = dated.slice(0, MOST_NEIGHBOURS).map(({ name }) => name);
  return (
    `Nearest in ${shown}: ${nearest.join(', ')}; newest there: ${newest.name}. ` +
    'Run again when the file is there, or give another --date.'
  );
}

/** The first part of the path that has the date, and the folder it is in. */
function datedPart(path: string, asOf: string): { folder: string; name: string } | undefined {
  const parts = path.split(sep);
  const index = parts.findIndex((part) => part.includes(asOf));
  if (index === -1) return undefined;
  return { folder: parts.slice(0, index).join(sep) || sep, name: parts[index]! };
}

function daysBetween(date: string, other: string): number {
  return (Date.parse(date) - Date.parse(other)) / 86_400_000;
}
