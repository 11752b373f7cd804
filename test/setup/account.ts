import { execFile } from 'node:child_process';
import { lchown, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Whom PostgreSQL runs as where we are root, which it refuses to be. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** An existing account without rights, where we are root; undefined where we are not: run as ourselves. */
export async function unprivilegedAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['nobody', 'postgres', 'daemon']) {
    const ids = await Promise.all([execute('id', ['-u', name]), execute('id', ['-g', name])]).catch(
      () => undefined,
    );
    if (ids !== undefined) return { uid: Number(ids[0].stdout), gid: Number(ids[1].stdout) };
  }
  throw new Error(
    'PostgreSQL does not run as root and there is no account "nobody" to run it as; ' +
      'run the tests as another user, or set PREDAWN_TEST_DATABASE_URL to a server they may use.',
  );
}

/** Runs a program to its end as `account`; throws with its output if it fails. */
export async function run(
  program: string,
  args: readonly string[],
  account: Account | undefined,
  folder: string,
): Promise<void> {
  await execute(program, args, { ...account, cwd: folder, env: { ...process.env, LC_ALL: 'C' } });
}

/** Makes `account` the owner of a folder and all in it. */
export async function giveTo(account: Account | undefined, folder: string): Promise<void> {
  if (account === undefined) return;
  await lchown(folder, account.uid, account.gid);
  for (const entry of await readdir(folder, { recursive: true })) {
    await lchown(join(folder, entry), account.uid, account.gid);
  }
}
