import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { customerCsvChunks } from '../../data-samples/generate.js';
import type { CliResult, RunningCli } from '../helpers/cli.js';
import { runInProcess } from '../helpers/in-process.js';
import { createDatabase, type TestDatabase } from '../helpers/postgres.js';
import { sampleProject, type TestProject } from '../helpers/project.js';
import { randomNumbers } from '../helpers/random.js';

/**
 * Attempts in shards by processes of their own, many of which are killed or sleep: each attempt is published exactly
 * once, with exactly its rows. `PREDAWN_TEST_SHARD_ATTEMPTS=30 npx vitest run test/e2e/exactly-once.test.ts` is the long
 * form; it prints what it did. `PREDAWN_TEST_SEED` repeats its choices, though not the moments at which they take effect.
 */
const ATTEMPTS = Number(process.env['PREDAWN_TEST_SHARD_ATTEMPTS'] ?? 1);
const SEED = Number(process.env['PREDAWN_TEST_SEED'] ?? Date.now() % 2 ** 31);
const SHARDS = 8;
const ROWS = 400;
const AT_ONCE = 4;
const PUBLISHERS = 3;
const KILLED_SCORERS = 0.4;
const KILLED_PUBLISHERS = 0.2;
const TABLE = 'churn_predictions';

const settings = (destination: string) => `registry: ./registry
workers: 1
block_bytes: 16KiB
environments:
  dev:
    destination: ${destination}
`;

interface Place {
  readonly project: TestProject;
  readonly env: Record<string, string>;
  /** `key=score attempt`, in key order. */
  rows(date: string): Promise<string[]>;
  /** Everything that an attempt keeps its shards in. */
  shardsLeft(): Promise<string[]>;
  drop(): Promise<void>;
}

const PLACES: Record<string, () => Promise<Place>> = {
  async files() {
    const project = await sampleProject({ settings: settings('./predictions') });
    return {
      project,
      env: {},
      rows: (date) => readParquet(project.folder, date),
      shardsLeft: async () => {
        const names = await readdir(path.join(project.folder, 'predictions'), { recursive: true });
        return names.filter((name) => name.endsWith('.shards'));
      },
      drop: () => project.drop(),
    };
  },
  async postgres() {
    const database: TestDatabase = await createDatabase();
    const env = { DESTINATION: database.url };
    const project = await sampleProject({ settings: settings('${DESTINATION}'), env });
    return {
      project,
      env,
      rows: async (date) => {
        const { rows } = await database.client.query<{ id: string; score: number; attempt: string }>(
          `select customer_id as id, churn_probability as score, attempt_id as attempt from ${TABLE}
           where as_of = $1 order by customer_id collate "C"`,
          [date],
        );
        return rows.map(({ id, score, attempt }) => `${id}=${Math.fround(score)} ${attempt}`);
      },
      shardsLeft: async () => {
        const { rows } = await database.client.query<{ name: string }>(
          `select tablename as name from pg_catalog.pg_tables where tablename like '${TABLE}\\_s%'`,
        );
        return rows.map(({ name }) => name);
      },
      drop: async () => {
        await project.drop();
        await database.drop();
      },
    };
  },
};

async function readParquet(folder: string, date: string): Promise<string[]> {
  const file = path.join(folder, 'predictions', TABLE, `as_of=${date}`, 'predictions.parquet');
  const bytes = await readFile(file);
  const own = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  const rows = await parquetReadObjects({ file: own });
  return rows
    .map(
      (row) =>
        `${String(row['customer_id'])}=${String(row['churn_probability'])} ${String(row['attempt_id'])}`,
    )
    .sort();
}

describe.each(Object.keys(PLACES))('attempts in shards, to %s', (kind) => {
  let place: Place;
  let reference: TestProject;
  const random = randomNumbers(SEED);
  const counts = { processes: 0, killed: 0, quicker: 0, publishersKilled: 0, zombies: 0, late: 0 };
  const asleep: RunningCli[] = [];
  /** How long a process takes, from those that were let live: random moments are taken from that. */
  let usual = 700;

  beforeAll(async () => {
    place = await PLACES[kind]!();
    reference = await sampleProject({ settings: settings('./predictions') });
  });
  afterAll(async () => {
    // Where the test failed, some may sleep still.
    for (const { child } of asleep) child.kill('SIGKILL');
    await place.drop();
    await reference.drop();
  });

  it(
    `are published exactly once each: ${ATTEMPTS} x ${SHARDS} shards, seed ${SEED}`,
    async () => {
      for (let index = 0; index < ATTEMPTS; index++) {
        const date = new Date(Date.UTC(2026, 9, 1 + index)).toISOString().slice(0, 10);
        await publishOnce(date, index);
      }
      expect(await place.shardsLeft()).toEqual([]);
      if (ATTEMPTS > 1) process.stdout.write(`${kind}, seed ${SEED}: ${JSON.stringify(counts)}\n`);
    },
    60_000 + ATTEMPTS * 60_000,
  );

  async function publishOnce(date: string, seed: number): Promise<void> {
    const input = [...customerCsvChunks({ asOf: date, rows: ROWS, seed })].join('');
    for (const project of [place.project, reference])
      await project.write(`data-samples/churn/${date}.csv`, input);
    const planned = await here('plan', 'churn', '--date', date, '--shards', String(SHARDS));
    const { attempt_id: attempt } = planned as { attempt_id: string };

    const score = (shard: number) => ['score', '--attempt', attempt, '--shard', String(shard), '--json'];
    const zombies = [0, 1].map(() => start(score(Math.floor(random() * SHARDS))));
    for (const zombie of zombies) await stopSometime(zombie);
    const lastBegun = latch();
    const scoring = scoreAll(
      Array.from({ length: SHARDS }, (_, shard) => score(shard)),
      lastBegun.open,
    );
    await lastBegun.opened;
    const publishing = Array.from({ length: PUBLISHERS }, () => publish(['publish', attempt, '--json']));
    await scoring;
    const receipts = await Promise.all(publishing);
    // One that was killed may have published without a word.
    expect(receipts.filter((outcome) => outcome === 'published').length).toBeLessThanOrEqual(1);

    const rows = await place.rows(date);
    for (const zombie of zombies) {
      zombie.child.kill('SIGCONT');
      const { code, stdout, stderr } = await zombie.finished;
      counts.zombies++;
      // One that slept longer than it waits for a connection says that, and has changed nothing either.
      if (code !== 0) {
        expect([code, stderr]).toEqual([75, expect.stringMatching(/postgres\./)]);
        continue;
      }
      const { outcome } = JSON.parse(stdout) as { outcome: string };
      // What it had committed before it slept counts.
      expect(['committed', 'present', 'late']).toContain(outcome);
      if (outcome !== 'committed') counts.late++;
    }
    // Somebody else's shard that never ends.
    expect(JSON.parse((await start(score(0)).finished).stdout)).toMatchObject({ outcome: 'late' });

    expect(rows).toEqual(await expectedRows(date, attempt));
    expect(await place.rows(date)).toEqual(rows);
    const shown = (await here('show', attempt)) as { status: string; moves: unknown[]; receipt: unknown };
    expect(shown).toMatchObject({ status: 'published', is_current: true });
    expect(shown.moves).toHaveLength(1);
    expect(shown.receipt).toMatchObject({ rows: { read: ROWS, scored: ROWS, rejected: 0 }, shards: SHARDS });
    // The next ordinary run has nothing to do, and removes what those who were killed left.
    expect(await here('run', 'churn', '--date', date)).toMatchObject({
      outcome: 'unchanged',
      published_attempt_id: attempt,
    });
  }

  /** Every shard until a process of it ends well; of all processes 40 % are killed. */
  async function scoreAll(shards: string[][], lastBegun: () => void): Promise<void> {
    const waiting = [...shards].sort(() => random() - 0.5);
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let args = waiting.pop(); args !== undefined; args = waiting.pop()) {
          if (waiting.length === 0) lastBegun();
          const { code, stderr } = await runOrKill(args, KILLED_SCORERS);
          if (code === null) waiting.push(args);
          else expect(code, stderr).toBe(0);
        }
      }),
    );
  }

  /** Tries until the attempt is published; of all processes 20 % are killed. */
  async function publish(args: string[]): Promise<unknown> {
    for (;;) {
      const { code, stdout, stderr } = await runOrKill(args, KILLED_PUBLISHERS);
      if (code === 0) return (JSON.parse(stdout) as { outcome: string }).outcome;
      if (code === null) counts.publishersKilled++;
      // Shards are missing, or another one is at it.
      else expect([code, stderr]).toEqual([75, expect.stringMatching(/shards\.missing|lock\.held/)]);
    }
  }

  async function runOrKill(args: string[], share: number): Promise<CliResult> {
    const killed = random() < share;
    const began = Date.now();
    const running = start(args);
    if (killed) {
      await Promise.race([delay(random() * usual), running.finished]);
      running.child.kill('SIGKILL');
    }
    const result = await running.finished;
    if (result.code === null) counts.killed++;
    else if (killed) counts.quicker++;
    else usual = Date.now() - began;
    return result;
  }

  function start(args: string[]): RunningCli {
    counts.processes++;
    return place.project.startWith({ PREDAWN_LOG_LEVEL: 'error' }, ...args);
  }

  async function stopSometime(running: RunningCli): Promise<void> {
    const { child, finished } = running;
    asleep.push(running);
    await Promise.race([delay(random() * usual), finished]);
    child.kill('SIGSTOP');
  }

  async function here(...args: string[]): Promise<unknown> {
    return inProject(place.project, place.env, args);
  }

  async function expectedRows(date: string, attempt: string): Promise<string[]> {
    await inProject(reference, {}, ['run', 'churn', '--date', date]);
    const rows = await readParquet(reference.folder, date);
    return rows.map((row) => `${row.slice(0, row.lastIndexOf(' '))} ${attempt}`);
  }
});

function latch(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

async function inProject(
  { folder }: TestProject,
  env: Record<string, string>,
  args: string[],
): Promise<unknown> {
  const { code, stdout, stderr } = await runInProcess([...args, '--json'], { cwd: folder, env });
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}
