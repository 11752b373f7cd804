import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { filesBeneath } from '../helpers/project.js';

/** What a name such as `../escaped` or `/tmp/escaped` would have made: in a project, in the folders above it, in /tmp. */
export async function escaped(project: string): Promise<string[]> {
  const above = [path.dirname(project), path.dirname(path.dirname(project)), '/tmp'];
  const names = await Promise.all(above.map((folder) => readdir(folder).catch(() => [])));
  const found = [...names.flat(), ...(await filesBeneath(project))];
  return found.filter((name) => /(^|\/)escaped/.test(name));
}
