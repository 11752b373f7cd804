import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { type Account, type Binaries, findBinaries } from './binaries.js';
import { giveTo, run } from './account.js';

export interface TestServer {
  readonly url: string;
  /** Stops it in immediate mode, as a crash does: sessions break off, and nothing is written down. */
  crash(): Promise<void>;
  /** Starts it again after a crash. */
  restart(): Promise<void>;
  /** Has it read its settings and certificates again, and waits until it has. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

/** The suite's own data is thrown away: nothing here needs to survive a power cut. */
const SETTINGS = {
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '64MB',
  max_wal_size: '2GB',
  max_connections: '150',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
};

/**
 * The keeper runs PostgreSQL until its standard input ends, which it does however the test runner ends, by
 * SIGKILL too; then it stops the server and removes the folder.
 */
const KEEPER =
  '"$@" & server=$!; cat >/dev/null; kill -QUIT $server 2>/dev/null; wait $server; rm -rf "$FOLDER"';

/**
 * Makes a cluster in a temporary folder and starts it on a free port of 127.0.0.1.
 *
 * @param more settings beside those of the suite's own server
 */
export async function startServer(more: Readonly<Record<string, string>> = {}): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'predawn-postgres-'));
  try {
    const binaries = await findBinaries(folder);
    const password = randomBytes(12).toString('hex');
    const data = await initialise(folder, binaries.initdb, binaries.account, password);
    for (let attempt = 1; ; attempt++) {
      const port = await freePort();
      try {
        const settings = { ...more, port: String(port) };
        const launch = (keeps: string) => start(keeps, data, binaries, settings);
        const keepers = [await launch(folder)];
        const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
        return {
          url,
          crash: () => crash(data),
          restart: async () => {
            keepers.push(await launch(''));
          },
          reload: () => reload(url),
          stop: () => stop(keepers, folder),
        };
      } catch (error) {
        // Someone may have taken the port since we asked for a free one.
        if (attempt === 3) throw error;
      }
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function initialise(
  folder: string,
  initdb: string,
  account: Account | undefined,
  password: string,
): Promise<string> {
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  await mkdir(data, { mode: 0o700 });
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  await giveTo(account, folder);
  await run(
    initdb,
    [
      `--pgdata=${data}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
      // Of thousands of connections each would pay for a slow password: a quarter of what it costs.
      '--set=scram_iterations=1',
    ],
    account,
    folder,
  );
  return data;
}

/** @param folder to remove when the keeper ends; empty for none. */
function start(
  folder: string,
  data: string,
  { postgres, account }: Binaries,
  more: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  const settings = Object.entries({ ...SETTINGS, ...more });
  const keeper = spawn(
    '/bin/sh',
    [
      '-c',
      KEEPER,
      'sh',
      postgres,
      '-D',
      data,
      ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    {
      ...account,
      cwd: dirname(data),
      env: { ...process.env, FOLDER: folder, LC_ALL: 'C' },
      // Out of the terminal's process group: Ctrl-C is for the test runner, whose end is the keeper's signal.
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
    },
  );
  return new Promise((resolve, reject) => {
    let log = '';
    const fail = (why: string) => {
      reject(new Error(`PostgreSQL did not start: ${why}\n${log}`));
    };
    keeper.on('error', (error) => fail(error.message));
    keeper.on('exit', () => fail('it ended'));
    keeper.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-10_000);
      if (text.includes('ready to accept connections')) resolve(keeper);
      // While it recovers from a crash, it says so to those who can't wait.
      else if (/FATAL: {2}(?!the database system is)/.test(text)) fail('fatal error');
    });
  });
}

async function crash(data: string): Promise<void> {
  const pid = Number((await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n', 1)[0]);
  process.kill(pid, 'SIGQUIT');
  while (isAlive(pid)) await delay(10);
}

async function reload(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const loaded = async () => {
      const { rows } = await client.query<{ at: string }>('select pg_conf_load_time()::text as at');
      return rows[0]!.at;
    };
    const before = await loaded();
    do {
      await client.query('select pg_reload_conf()');
      await delay(20);
    } while ((await loaded()) === before);
  } finally {
    await client.end();
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The first one goes last: it removes the folder. */
async function stop(keepers: readonly ChildProcess[], folder: string): Promise<void> {
  for (const keeper of keepers.toReversed()) {
    if (keeper.exitCode !== null || keeper.signalCode !== null) continue;
    const exited = once(keeper, 'exit');
    keeper.stdin?.end();
    await exited;
  }
  await rm(folder, { recursive: true, force: true });
}

/** A port of 127.0.0.1 that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
