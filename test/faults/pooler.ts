import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { withParts } from '../helpers/databases.js';
import { giveTo, unprivilegedAccount } from '../setup/account.js';
import { freePort } from '../setup/server.js';

export interface Pooler {
  /** A URL of the server, through the pooler. */
  through(url: string): string;
  stop(): Promise<void>;
}

/** Where PgBouncer is, which distributions put beside what only an administrator runs; undefined where it is not. */
export function findPooler(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => path.join(folder, 'pgbouncer')).find(existsSync);
}

/** PgBouncer in front of a server. `mode` is its `pool_mode`. */
export async function startPooler(
  program: string,
  url: string,
  mode: 'transaction' | 'session',
): Promise<Pooler> {
  const folder = await mkdtemp(path.join(tmpdir(), 'predawn-pooler-'));
  const { hostname, port, username, password } = new URL(url);
  const own = await freePort();
  await writeFile(
    path.join(folder, 'users.txt'),
    `"${decodeURIComponent(username)}" "${decodeURIComponent(password)}"\n`,
  );
  const settings = {
    ...{ listen_addr: '127.0.0.1', listen_port: own, unix_socket_dir: '' },
    ...{ auth_type: 'plain', auth_file: path.join(folder, 'users.txt') },
    pool_mode: mode,
  };
  await writeFile(
    path.join(folder, 'pgbouncer.ini'),
    `[databases]\n* = host=${hostname} port=${port === '' ? 5432 : port}\n[pgbouncer]\n${Object.entries(
      settings,
    )
      .map(([name, value]) => `${name} = ${value}\n`)
      .join('')}`,
  );
  const account = await unprivilegedAccount();
  await giveTo(account, folder);
  const running = spawn(program, [path.join(folder, 'pgbouncer.ini')], { ...account, stdio: 'ignore' });
  await listening(running, own);
  return {
    through: (server) => withParts(server, { host: '127.0.0.1', port: own }),
    stop: async () => {
      const ended = new Promise((resolve) => running.once('exit', resolve));
      running.kill('SIGINT');
      running.kill('SIGQUIT');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function listening(running: ChildProcess, port: number): Promise<void> {
  for (;;) {
    if (running.exitCode !== null) throw new Error(`PgBouncer ended with ${running.exitCode}`);
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.on('error', () => resolve(false)).on('connect', () => socket.destroy());
    });
    if (isThere) return;
    await delay(20);
  }
}
