import { chown, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { runOn } from '../helpers/databases.js';
import { unprivilegedAccount } from '../setup/account.js';
import type { TestServer } from '../setup/server.js';
import { type SmallDisk, smallDisk } from './disk.js';
import { filesGround } from './files-ground.js';
import type { Ground } from './ground.js';
import { postgresGround } from './postgres-ground.js';

/** A ground on a disk that can be filled, where the machine allows that. */
export interface GroundOnDisk {
  readonly ground: Ground;
  /** Or why there is none. */
  readonly disk: SmallDisk | string;
  readonly drop: () => Promise<void>;
}

/** `megabytes`: of the disk, where there is one. */
export async function filesOnDisk(megabytes: number): Promise<GroundOnDisk> {
  const disk = await smallDisk(megabytes);
  if (typeof disk === 'string') return { ground: await filesGround(), disk, drop: () => Promise.resolve() };
  return {
    ...{ ground: await filesGround(path.join(disk.folder, 'predictions')), disk },
    drop: () => disk.drop(),
  };
}

/** The same in a tablespace of a server of our own, whose administrator may make one. */
export async function postgresOnDisk(
  url: string,
  server: TestServer | undefined,
  megabytes: number,
): Promise<GroundOnDisk> {
  const disk = server === undefined ? 'the server is not of these tests' : await smallDisk(megabytes);
  if (typeof disk === 'string')
    return { ground: await postgresGround(url), disk, drop: () => Promise.resolve() };
  const folder = path.join(disk.folder, 'tablespace');
  await mkdir(folder, { mode: 0o700 });
  const account = await unprivilegedAccount();
  if (account !== undefined) await chown(folder, account.uid, account.gid);
  await runOn(url, `create tablespace small location '${folder}'`);
  return {
    ...{ ground: await postgresGround(url, 'small'), disk },
    drop: async () => {
      await runOn(url, 'drop tablespace small');
      await disk.drop();
    },
  };
}
