import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Runs a command as a newcomer's shell does; rejects with its output unless it exits 0. */
export async function shell(command: string, cwd: string): Promise<string> {
  // What npm or npx put into this process's environment would change what npx does in there.
  const { PATH = '', HOME = '' } = process.env;
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command], { cwd, env: { PATH, HOME } });
  return stdout;
}
