import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { MAIN, REPOSITORY } from '../helpers/cli.js';

const STAND_IN = path.join(REPOSITORY, 'test/docs/bin');

/**
 * Runs a command as a newcomer's shell does; rejects with its output unless it exits 0. `npx predawn` is the built program
 * without npx, unless `realNpx`.
 */
export async function shell(command: string, cwd: string, realNpx = false): Promise<string> {
  // What npm or npx put into this process's environment would change what npx does in there.
  const { PATH = '', HOME = '' } = process.env;
  const env = realNpx ? { PATH, HOME } : { PATH: `${STAND_IN}:${PATH}`, HOME, PREDAWN_MAIN: MAIN };
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command], { cwd, env });
  return stdout;
}
