import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { giveTo, run } from '../test/setup/account.js';
import { findBinaries } from '../test/setup/binaries.js';
import { withClient } from './database.js';
import { familySeconds } from './process-time.js';
import type { CpuClock } from './statistics.js';

export interface BenchServer {
  readonly url: string;
  /** For the report. */
  readonly version: string;
  /** CPU seconds of all its processes so far; of a server that is not the bench's own, not known. */
  readonly cpuSeconds: CpuClock;
  stop(): Promise<void>;
}

/** Ends the server and removes its folder when our end of the pipe closes, however we end. */
const KEEPER = '"$@" & server=$!; cat >/dev/null; kill -INT $server; wait $server; rm -rf "$FOLDER"';

/**
 * The server that PREDAWN_BENCH_DATABASE_URL names, or a new one with PostgreSQL's own defaults (fsync on), unlike the
 * tests'. The role must be able to create databases.
 */
export async function benchServer(): Promise<BenchServer> {
  const given = process.env['PREDAWN_BENCH_DATABASE_URL'];
  if (given !== undefined && given !== '') {
    return {
      url: given,
      version: await versionOf(given),
      cpuSeconds: () => undefined,
      stop: () => Promise.resolve(),
    };
  }

  const folder = await mkdtemp(path.join(tmpdir(), 'predawn-bench-postgres-'));
  const { initdb, postgres, account } = await findBinaries(folder);
  const data = path.join(folder, 'data');
  const passwordFile = path.join(folder, 'password');
  const password = randomBytes(12).toString('hex');
  await mkdir(data, { mode: 0o700 });
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  await giveTo(account, folder);
  const identity = ['--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  await run(initdb, [`--pgdata=${data}`, ...identity, '--encoding=UTF8', '--locale=C'], account, folder);

  const port = await freePort();
  const settings = [
    '-c',
    `port=${port}`,
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    'unix_socket_directories=',
  ];
  const keeper = spawn('/bin/sh', ['-c', KEEPER, 'sh', postgres, '-D', data, ...settings], {
    ...account,
    cwd: folder,
    env: { ...process.env, FOLDER: folder, LC_ALL: 'C' },
    // Out of the terminal's process group: Ctrl-C reaches us, and our end reaches the keeper.
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  await new Promise<void>((resolve, reject) => {
    let log = '';
    keeper.on('error', reject);
    keeper.on('exit', () => reject(new Error(`PostgreSQL did not start:\n${log}`)));
    keeper.stderr.on('data', (bytes: Buffer) => {
      log = (log + bytes.toString()).slice(-10_000);
      if (log.includes('ready to accept connections')) resolve();
    });
  });
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  const postmaster = Number((await readFile(path.join(data, 'postmaster.pid'), 'utf8')).split('\n')[0]);
  return {
    url,
    version: await versionOf(url),
    cpuSeconds: () => familySeconds(postmaster),
    stop: () =>
      new Promise((resolve, reject) => {
        keeper.on('exit', () => {
          rm(folder, { recursive: true, force: true }).then(resolve, reject);
        });
        keeper.stdin.end();
      }),
  };
}

function versionOf(url: string): Promise<string> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    return `PostgreSQL ${rows[0]!.server_version}`;
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
