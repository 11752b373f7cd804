import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { v7 } from 'uuid';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PredawnError } from '../../src/domain/errors.js';
import type { Attempt, Publication } from '../../src/domain/publication.js';
import type { MoveRequest } from '../../src/domain/slice-move.js';
import { lockKey } from '../../src/postgres/lock.js';
import { openPostgresLedger } from '../../src/postgres/ledger.js';
import { openPostgresPublication } from '../../src/postgres/publication.js';
import { CHURN, newAttempt, newReceipt, targetOf } from '../contracts/attempts.js';
import { childProgram } from '../helpers/child-program.js';
import {
  churnRows,
  publishRows,
  readRejects,
  readSlice,
  stageRows,
  tableNames,
} from '../helpers/postgres-publication.js';
import { createDatabase, type TestDatabase } from '../helpers/postgres.js';
import { type Fate, startProxy, throughProxy } from '../helpers/proxy.js';

const DAY = '2026-11-20';
const target = targetOf(CHURN, { table: 'public.churn_predictions' });
const never = new AbortController().signal;

let database: TestDatabase;
let publication: Publication;

beforeEach(async () => {
  database = await createDatabase();
  publication = await openPostgresPublication({ url: database.url });
});
afterEach(async () => {
  await database.drop();
});

describe('an attempt whose server process is terminated', () => {
  test.each(['while it copies', 'before it publishes'])(
    '%s publishes nothing and is recorded',
    async (when) => {
      await publishRows(publication, newAttempt(DAY, target), churnRows(3, 0.25));
      const attempt = newAttempt(DAY, target);
      const rejected = { line: 9, column: undefined, code: 'field_count' as const, raw: 'a,b\0' };
      const failing = publication.withAttempt(attempt, never, async (stage) => {
        await stage.reject([rejected]);
        if (when === 'while it copies') await terminate(attempt);
        const output = await stageRows(stage, attempt, churnRows(4, 0.5));
        await terminate(attempt);
        return stage.publish(({ changes }) => newReceipt(attempt, output, changes));
      });
      await expect(failing).rejects.toMatchObject({ kind: 'unavailable', code: 'postgres.connection_lost' });
      expect(await scores()).toEqual([0.25, 0.25, 0.25]);
      expect(await statusOf(attempt)).toBe('failed');
      expect(await readRejects(database.client, attempt.id)).toEqual([{ ...rejected, raw: 'a,b\u2400' }]);
      expect(await tableNames(database.client, 'churn_predictions_p%')).toHaveLength(1);
      await publishRows(publication, newAttempt(DAY, target), churnRows(1, 0.75));
      expect(await scores()).toEqual([0.75]);
    },
  );
});

describe('a connection that is lost around COMMIT', () => {
  const outcomes: [Fate, object | undefined][] = [
    ['cut before', { kind: 'unavailable', code: 'postgres.connection_lost' }],
    ['cut after', undefined],
    ['late', undefined],
    ['gone', { kind: 'unresolved', code: 'publish.unresolved' }],
  ];
  test.each(outcomes)('%s: what is reported is what the table holds', async (fate, error) => {
    const proxy = await startProxy(database.url);
    try {
      const through = await openPostgresPublication({
        url: throughProxy(database.url, proxy),
        patience: { tries: 20, pauseMilliseconds: 20 },
      });
      await publishRows(publication, newAttempt(DAY, target), churnRows(3, 0.25));
      const attempt = newAttempt(DAY, target);
      const publishing = publishRows(through, attempt, churnRows(4, 0.5), async () => proxy.arm(fate));
      if (error === undefined) {
        expect((await publishing).changes).toEqual({ inserted: 1, updated: 3, deleted: 0 });
        expect(await scores()).toEqual([0.5, 0.5, 0.5, 0.5]);
        expect(await statusOf(attempt)).toBe('published');
      } else {
        await expect(publishing).rejects.toMatchObject(error);
        expect(await scores()).toEqual([0.25, 0.25, 0.25]);
        expect(await statusOf(attempt)).toBe(fate === 'gone' ? 'open' : 'failed');
      }
      await lockIsFree();
      await publishRows(publication, newAttempt(DAY, target), churnRows(1, 0.75));
      expect(await scores()).toEqual([0.75]);
      expect(await statusOf(attempt)).toBe(error === undefined ? 'published' : 'failed');
    } finally {
      await proxy.close();
    }
  });
});

describe('a restore whose connection is lost around COMMIT', () => {
  const outcomes: [Fate, object | undefined][] = [
    ['cut before', { kind: 'unavailable', code: 'postgres.connection_lost' }],
    ['cut after', undefined],
    ['late', undefined],
    ['gone', { kind: 'unresolved', code: 'publish.unresolved' }],
  ];
  test.each(outcomes)('%s: what is reported is what the table holds', async (fate, error) => {
    const proxy = await startProxy(database.url);
    try {
      const through = await openPostgresPublication({
        url: throughProxy(database.url, proxy),
        patience: { tries: 20, pauseMilliseconds: 20 },
      });
      const [first, second] = [newAttempt(DAY, target), newAttempt(DAY, target)];
      await publishRows(publication, first, churnRows(3, 0.25));
      await publishRows(publication, second, churnRows(3, 0.5));
      // The first COMMIT is of settling what was killed.
      proxy.arm(fate, 1);
      const restoring = through.moveSlice(restoreOf(first), never);
      if (error === undefined) {
        expect(await restoring).toMatchObject({ outcome: 'moved', attempt: { attemptId: first.id } });
        expect(await scores()).toEqual([0.25, 0.25, 0.25]);
      } else {
        await expect(restoring).rejects.toMatchObject(error);
        expect(await scores()).toEqual([0.5, 0.5, 0.5]);
        if (fate === 'gone')
          await expect(restoring).rejects.toHaveProperty('hint', expect.stringContaining(first.id));
      }
      await lockIsFree();
      expect((await publication.moveSlice(restoreOf(first), never)).outcome).toBe(
        error === undefined ? 'unchanged' : 'moved',
      );
      expect(await scores()).toEqual([0.25, 0.25, 0.25]);
    } finally {
      await proxy.close();
    }
  });
});

describe('a process that is killed', () => {
  test.each(['opened', 'appended', 'finished', 'publishing', 'published'])('when it has %s', async (step) => {
    await publishRows(publication, newAttempt(DAY, target), churnRows(3, 0.25));
    const attempt = newAttempt(DAY, target);
    const child = fork(childProgram('postgres-attempt'));
    try {
      child.send({ url: database.url, attempt, rows: churnRows(4, 0.5) });
      const stopAt = step === 'publishing' ? 'finished' : step;
      for (;;) {
        const [reached] = (await once(child, 'message')) as [string];
        if (reached === stopAt) break;
        child.send('go on');
      }
      await kill(child, step === 'publishing');
    } finally {
      child.kill('SIGKILL');
    }
    await lockIsFree();
    const done = step === 'published';
    expect(await scores()).toEqual(done ? [0.5, 0.5, 0.5, 0.5] : [0.25, 0.25, 0.25]);
    expect(await statusOf(attempt)).toBe(done ? 'published' : 'open');
    await publishRows(publication, newAttempt(DAY, target), churnRows(1, 0.75));
    expect(await scores()).toEqual([0.75]);
    expect(await statusOf(attempt)).toBe(done ? 'published' : 'failed');
    const kept = await tableNames(database.client, 'churn_predictions_p%');
    expect(kept).toHaveLength(done ? 3 : 2);
  });

  async function kill(child: ChildProcess, whilePublishing: boolean): Promise<void> {
    if (whilePublishing) {
      // Publishing stops at this lock; the process is killed while the server works for it.
      await database.client.query('begin');
      await database.client.query('lock table churn_predictions in access exclusive mode');
      child.send('go on');
      await until('select from pg_locks where not granted', []);
    }
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    if (whilePublishing) await database.client.query('commit');
  }
});

describe('with the advisory lock sabotaged', () => {
  test('of attempts that overlap one publishes, and no key is there twice', async () => {
    await publishRows(publication, newAttempt(DAY, target), churnRows(3, 0.25));
    const sabotaged = await openSabotaged(
      `create function sabotage.pg_advisory_xact_lock(bigint) returns void language sql as 'select'`,
    );
    const count = 4;
    let arrived = 0;
    let openGate = (): void => undefined;
    const gate = new Promise<void>((resolve) => (openGate = resolve));
    const arrive = () => {
      if (++arrived === count) openGate();
      return gate;
    };
    const attempts = Array.from({ length: count }, () => newAttempt(DAY, target));
    const results = await Promise.allSettled(
      attempts.map((attempt, index) =>
        publishRows(sabotaged, attempt, churnRows(10 + index, 0.5, index), arrive).catch((error: unknown) => {
          void arrive();
          throw error;
        }),
      ),
    );
    const published = results.flatMap((result, index) => (result.status === 'fulfilled' ? [index] : []));
    expect(published).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ kind: 'unavailable' });
    }
    const [winner] = published;
    const slice = await readSlice(database.client, target, DAY);
    expect(slice.map(({ key }) => key[0]).sort()).toEqual(
      [...churnRows(10 + winner!, 0.5, winner).keys[0]!].sort(),
    );
    expect(slice.every(({ outputs }) => outputs[0] === 0.5)).toBe(true);
  });

  test.each(['is there', 'is not there yet'])(
    'an attempt is told what was published before it was recorded, where the table %s',
    async (table) => {
      if (table === 'is there') await publishRows(publication, newAttempt(DAY, target), churnRows(3, 0.25));
      else await publication.withAttempt(newAttempt(DAY, target), never, () => Promise.resolve());
      const late = newAttempt(DAY, target);
      const sabotaged = await openSabotaged(`create function sabotage.wait() returns trigger language plpgsql
          as 'begin perform pg_advisory_xact_lock(1); return new; end';
        create trigger wait before insert on predawn.attempts for each row
          when (new.attempt_id = '${late.id}') execute function sabotage.wait();
        select pg_advisory_lock(1)`);
      const told = sabotaged.withAttempt(late, never, ({ current }) => Promise.resolve(current?.attemptId));
      told.catch(() => undefined);
      await until('select from pg_locks where not granted', []);
      const published = newAttempt(DAY, target);
      await publishRows(sabotaged, published, churnRows(3, 0.5));
      await database.client.query('select pg_advisory_unlock(1)');
      expect(await told).toBe(published.id);
    },
  );

  test('a paused attempt cannot publish over a newer one', async () => {
    const paused = newAttempt(DAY, target);
    const failing = publishRows(publication, paused, churnRows(3, 0.25), async () => {
      // The lock goes with the server process; another run takes over before the paused one wakes up.
      await terminate(paused);
      await publishRows(publication, newAttempt(DAY, target), churnRows(2, 0.75));
    });
    await expect(failing).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await scores()).toEqual([0.75, 0.75]);
    expect(await statusOf(paused)).toBe('failed');
  });
});

/** Where all who ask for a date's lock get it. `more` is SQL about the schema "sabotage", which is searched first. */
async function openSabotaged(more: string): Promise<Publication> {
  await database.client.query(`create schema sabotage;
    create function sabotage.pg_try_advisory_lock(bigint) returns boolean language sql as 'select true';
    ${more}`);
  const url = new URL(database.url);
  url.searchParams.set('options', '-c search_path=sabotage,pg_catalog,public');
  return openPostgresPublication({ url: url.href });
}

test('a holder of the lock is named', async () => {
  const holder = newAttempt(DAY, target);
  await publication.withAttempt(holder, never, async () => {
    const held = publication.withAttempt(newAttempt(DAY, target), never, async () => 'worked');
    await expect(held).rejects.toThrow(
      new RegExp(`churn for ${DAY}.*${holder.id}.*started 2026-.*predawn ${DAY} churn`),
    );
  });
});

test.each(['before it is opened', 'before it publishes'])(
  'an abort stops an attempt that waits for a lock %s, and says why',
  async (when) => {
    await publishRows(publication, newAttempt(DAY, target), churnRows(3, 0.25));
    const controller = new AbortController();
    const reason = new PredawnError('interrupted', 'signal', 'interrupted by SIGTERM', { signal: 'SIGTERM' });
    const attempt = newAttempt(DAY, target);
    const lockTable = async () => {
      await database.client.query('begin');
      await database.client.query('lock table churn_predictions in access exclusive mode');
    };
    if (when === 'before it is opened') await lockTable();
    const stopped = publication.withAttempt(attempt, controller.signal, async (stage) => {
      const output = await stageRows(stage, attempt, churnRows(4, 0.5));
      if (when === 'before it publishes') await lockTable();
      return stage.publish(({ changes }) => newReceipt(attempt, output, changes));
    });
    stopped.catch(() => undefined);
    await until('select from pg_locks where not granted', []);
    controller.abort(reason);
    await expect(stopped).rejects.toBe(reason);
    await database.client.query('commit');
    expect(await scores()).toEqual([0.25, 0.25, 0.25]);
    if (when === 'before it publishes') expect(await statusOf(attempt)).toBe('failed');
  },
);

function restoreOf({ id, job, asOf }: Attempt): MoveRequest {
  return {
    id: v7(),
    action: 'restore',
    job,
    asOf,
    attemptId: id,
    by: 'tester',
    reason: undefined,
    retain: 3,
    force: false,
    unlessRestored: false,
  };
}

async function scores(): Promise<unknown[]> {
  return (await readSlice(database.client, target, DAY)).map(({ outputs }) => outputs[0]);
}

async function statusOf(attempt: Attempt): Promise<string | undefined> {
  const ledger = await openPostgresLedger(database.url);
  try {
    return (await ledger.find(attempt.id))?.status;
  } finally {
    await ledger.close();
  }
}

/** Ends the server process that holds the attempt's lock, and waits until it is gone. */
async function terminate(attempt: Attempt): Promise<void> {
  await database.client.query(
    'select pg_terminate_backend(backend_pid) from predawn.attempts where attempt_id = $1',
    [attempt.id],
  );
  await lockIsFree();
}

async function lockIsFree(): Promise<void> {
  const key = lockKey('churn', DAY);
  await until('select where pg_try_advisory_lock($1)', [key]);
  await database.client.query('select pg_advisory_unlock($1)', [key]);
}

/** Asks the server again and again until it has a row. */
async function until(query: string, values: unknown[]): Promise<void> {
  for (;;) {
    const { rowCount } = await database.client.query(query, values);
    if (rowCount! > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
