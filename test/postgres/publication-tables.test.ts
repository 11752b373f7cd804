import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Publication, TargetTable } from '../../src/domain/publication.js';
import { migrationSql } from '../../src/postgres/migrations.js';
import { openPostgresPublication } from '../../src/postgres/publication.js';
import { CHURN, newAttempt, newReceipt, targetOf } from '../contracts/attempts.js';
import { outputColumn } from '../contracts/scored-rows.js';
import { churnRows, publishRows, readSlice, stageRows, tableNames } from '../helpers/postgres-publication.js';
import { createDatabase, createRole, type TestDatabase } from '../helpers/postgres.js';

const DAY = '2026-11-20';
const target = targetOf(CHURN);
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

describe('the table that predawn makes', () => {
  test('is partitioned, keyed and commented', async () => {
    await publishRows(publication, newAttempt(DAY, target), churnRows(3, 0.25));
    const { rows } = await database.client.query(
      `select pg_get_partkeydef(c.oid) as partitioned, obj_description(c.oid) as comment,
         (select pg_get_constraintdef(oid) from pg_constraint where conrelid = c.oid and contype = 'p') as key,
         array(select a.attname || ' ' || format_type(a.atttypid, null) || coalesce(': ' || col_description(c.oid, a.attnum), '')
               from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 order by a.attnum) as columns
       from pg_class c where c.relname = 'churn_predictions'`,
    );
    expect(rows).toEqual([
      {
        partitioned: 'LIST (as_of)',
        comment: 'Churn predictions',
        key: 'PRIMARY KEY (as_of, customer_id)',
        columns: [
          'as_of date: Data date: the day that the scored input describes.',
          'customer_id text: Key of the input row.',
          'churn_probability real: The churn_probability of a row',
          'churn text: The churn of a row',
          'artefact text: Model that computed the row, as name@version.',
          'attempt_id uuid: Attempt that last changed the row; see predawn.runs.',
          'scored_at timestamp with time zone: When that attempt began.',
        ],
      },
    ]);
  });

  test('keeps the attempt and time of rows that a re-run does not change', async () => {
    const first = newAttempt(DAY, target);
    await publishRows(publication, first, churnRows(4, 0.25));
    const second = newAttempt(DAY, target);
    const rows = churnRows(4, 0.25, 1);
    (rows.outputs[0] as number[])[0] = 0.125;
    const { changes } = await publishRows(publication, second, rows);
    expect(changes).toEqual({ inserted: 1, updated: 1, deleted: 1 });
    const { rows: seen } = await database.client.query<{ key: string; attempt: string; scored: Date }>(
      'select customer_id as key, attempt_id as attempt, scored_at as scored from churn_predictions order by 1',
    );
    expect(seen.map(({ key, attempt }) => [key, attempt])).toEqual([
      ['C-1', second.id],
      ['C-2', first.id],
      ['C-3', first.id],
      ['C-4', second.id],
    ]);
    expect(seen.map(({ scored }) => scored.toISOString())).toEqual(
      [second, first, first, second].map(({ startedAt }) => startedAt),
    );
  });

  test('may be given indexes, constraints and NOT NULLs by others, and lose old dates', async () => {
    await publishRows(publication, newAttempt('2026-11-01', target), churnRows(3, 0.25));
    await database.client.query(`create index on churn_predictions (churn);
      alter table churn_predictions add constraint likely check (churn_probability between 0 and 1);
      alter table churn_predictions alter column churn set not null`);
    await publishRows(publication, newAttempt(DAY, target), churnRows(3, 0.25));
    await publishRows(publication, newAttempt(DAY, target), churnRows(2, 0.5));
    const [oldest] = await tableNames(database.client, 'churn_predictions_p%');
    await database.client.query(`drop table ${oldest!}`);
    const again = newAttempt('2026-11-01', target);
    await publication.withAttempt(again, never, async (stage) => {
      expect(stage.current).toBeUndefined();
    });
    await publishRows(publication, newAttempt('2026-11-01', target), churnRows(5, 0.75));
    expect(await readSlice(database.client, target, '2026-11-01')).toHaveLength(5);
    expect(await readSlice(database.client, target, DAY)).toHaveLength(2);
  });

  test('belongs to one job', async () => {
    await publishRows(publication, newAttempt(DAY, target), churnRows(3, 0.25));
    const other = targetOf(CHURN, { job: 'other' });
    expect(await codes(other)).toEqual(['table.other_job']);
    await expect(publishRows(publication, newAttempt(DAY, other), churnRows(1, 0.5))).rejects.toMatchObject({
      kind: 'configuration',
      code: 'table.other_job',
    });
  });

  test('must have the columns and the key that the job has; every difference is named', async () => {
    await publishRows(publication, newAttempt(DAY, target), churnRows(3, 0.25));
    const changed = targetOf({
      keys: [
        { name: 'customer_id', type: 'int8' },
        { name: 'shop', type: 'text' },
      ],
      outputs: [outputColumn('churn_probability', 'float8'), outputColumn('new "one"', 'float4')],
    });
    const problems = await publication.check(changed);
    expect(problems.every(({ kind }) => kind === 'configuration')).toBe(true);
    expect(problems.map(({ code }) => code)).toEqual([
      'table.column_type',
      'table.column_absent',
      'table.column_type',
      'table.column_absent',
      'table.column_extra',
      'table.key',
    ]);
    expect(problems[3]!.hint).toContain(
      'alter table "public"."churn_predictions" add column "new ""one""" float4;',
    );
    const failing = publishRows(publication, newAttempt(DAY, changed), churnRows(0, 0.25));
    await expect(failing).rejects.toMatchObject({ kind: 'configuration', code: 'table.column_type' });
    await expect(failing).rejects.toHaveProperty('problems.length', 6);
  });

  test('takes a new output once it was added as the hint says', async () => {
    await publishRows(publication, newAttempt(DAY, target), churnRows(3, 0.25));
    const wider = targetOf({ ...CHURN, outputs: [outputColumn('risk', 'float4'), ...CHURN.outputs] });
    const [problem] = await publication.check(wider);
    await database.client.query(/Run: (.*)$/.exec(problem!.hint!)![1]!);
    const rows = churnRows(3, 0.25);
    const wide = { keys: rows.keys, outputs: [[1, 2, 3], ...rows.outputs] };
    for (const day of [DAY, '2026-11-21']) {
      await publishRows(publication, newAttempt(day, wider), wide);
      expect((await readSlice(database.client, wider, day)).map(({ outputs }) => outputs[0])).toEqual([
        1, 2, 3,
      ]);
    }
  });
});

describe('retention', () => {
  test('keeps the rows of the last published attempts, exactly', async () => {
    const attempts: string[] = [];
    for (const [index, score] of [0.125, 0.25, 0.5, 0.75].entries()) {
      const attempt = newAttempt(DAY, target, { retain: 3 });
      await publishRows(publication, attempt, churnRows(3, score, index));
      attempts.push(attempt.id);
    }
    const { rows } = await database.client.query<{ attempt_id: string; rows_table: string | null }>(
      `select attempt_id, rows_table from predawn.attempts order by published_at`,
    );
    expect(rows.map(({ attempt_id }) => attempt_id)).toEqual(attempts);
    expect(rows[0]!.rows_table).toBeNull();
    for (const [index, score] of [0.25, 0.5, 0.75].entries()) {
      const kept = await database.client.query(
        `select customer_id as key, churn_probability as score, attempt_id as attempt from ${rows[index + 1]!.rows_table!} order by 1`,
      );
      expect(kept.rows).toEqual(
        churnRows(3, score, index + 1).keys[0]!.map((key) => ({ key, score, attempt: attempts[index + 1] })),
      );
    }
    // The partition, and what three attempts keep; the first attempt's copy is gone.
    expect(await tableNames(database.client, 'churn_predictions_p%')).toHaveLength(4);
    expect(await tableNames(database.client, 'churn_predictions_r%')).toHaveLength(0);
  });

  test('copies the rows of the attempt that became the partition before they change', async () => {
    const first = newAttempt(DAY, target, { retain: 2 });
    await publishRows(publication, first, churnRows(3, 0.25));
    await publishRows(publication, newAttempt(DAY, target, { retain: 2 }), churnRows(4, 0.5, 2));
    const [copy] = await tableNames(database.client, 'churn_predictions_r%');
    const { rows } = await database.client.query(
      `select as_of::text, customer_id, churn_probability, artefact, attempt_id from ${copy!} order by customer_id`,
    );
    expect(rows).toEqual(
      churnRows(3, 0.25).keys[0]!.map((key) => ({
        as_of: DAY,
        customer_id: key,
        churn_probability: 0.25,
        artefact: 'churn@3',
        attempt_id: first.id,
      })),
    );
  });

  test('leave room in the pages where most of them were replaced, and only there', async () => {
    const roomy = async () => {
      const { rows } = await database.client.query<{ options: string[] | null }>(
        `select reloptions as options from pg_class where oid =
         (select inhrelid from pg_inherits where inhparent = 'churn_predictions'::regclass)`,
      );
      return rows[0]!.options;
    };
    await publishRows(publication, newAttempt(DAY, target), churnRows(10, 0.25));
    await publishRows(publication, newAttempt(DAY, target), churnRows(11, 0.25));
    expect(await roomy()).toBeNull();
    for (const score of [0.5, 0.75]) {
      await publishRows(publication, newAttempt(DAY, target), churnRows(12, score, 1));
      expect(await roomy()).toEqual(['fillfactor=50']);
    }
  });

  test.each(['delete', 'update', 'insert'])(
    'are not published where a trigger swallows each %s',
    async (event) => {
      const of = (score: number, keys: string[]) => ({
        keys: [keys],
        outputs: [keys.map((key) => (key === 'C-1' ? score : 0.5)), keys.map(() => 'No')],
      });
      await publishRows(publication, newAttempt(DAY, target), of(0.25, ['C-0', 'C-1', 'C-2', 'C-3', 'C-4']));
      await database.client.query(
        `create function swallow() returns trigger language plpgsql as 'begin return null; end';
         create trigger swallow before ${event} on churn_predictions for each row execute function swallow()`,
      );
      const changed = newAttempt(DAY, target);
      await expect(
        publishRows(publication, changed, of(0.125, ['C-0', 'C-1', 'C-2', 'C-3', 'C-5'])),
      ).rejects.toMatchObject({ kind: 'internal', code: 'publish.count' });
      const { rows } = await database.client.query<{ key: string; score: number }>(
        'select customer_id as key, churn_probability as score from churn_predictions order by 1',
      );
      expect(rows.map(({ key }) => key)).toEqual(['C-0', 'C-1', 'C-2', 'C-3', 'C-4']);
      expect(rows[1]!.score).toBe(0.25);
    },
  );

  test('of one attempt leaves nothing beside the partitions', async () => {
    for (const score of [0.125, 0.25, 0.5]) {
      await publishRows(publication, newAttempt(DAY, target, { retain: 1 }), churnRows(3, score));
    }
    expect(await tableNames(database.client, 'churn%')).toHaveLength(2);
  });

  test('leaves nothing of attempts that fail or change nothing', async () => {
    await publishRows(publication, newAttempt(DAY, target), churnRows(3, 0.25));
    const unchanged = newAttempt(DAY, target);
    await publication.withAttempt(unchanged, never, async (stage) => {
      const output = await stageRows(stage, unchanged, churnRows(3, 0.25));
      await stage.unchanged(newReceipt(unchanged, output, undefined, 'unchanged'));
    });
    const failing = newAttempt(DAY, target);
    const failed = publication.withAttempt(failing, never, async (stage) => {
      await stageRows(stage, failing, churnRows(3, 0.25));
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    expect(await tableNames(database.client, 'churn%')).toHaveLength(2);
  });
});

describe('a table that predawn did not make', () => {
  test('gets its date replaced, and only that', async () => {
    await database.client.query(`create table churn_predictions (
        note text default 'kept', churn varchar(10) not null, customer_id text, as_of date, churn_probability float8,
        artefact text, primary key (customer_id, as_of));
      insert into churn_predictions values ('by hand', 'No', 'x', '2026-11-01', 0.5), ('by hand', 'No', 'x', '${DAY}', 0.5)`);
    expect(await publication.check(target)).toEqual([]);
    const first = await publishRows(publication, newAttempt(DAY, target), churnRows(3, 0.25));
    expect(first.changes).toEqual({ inserted: 3, updated: 0, deleted: 1 });
    const second = await publishRows(publication, newAttempt(DAY, target), churnRows(2, 0.5, 1));
    expect(second.changes).toEqual({ inserted: 2, updated: 0, deleted: 3 });
    const { rows } = await database.client.query(
      'select note, customer_id, churn_probability, artefact from churn_predictions order by as_of, customer_id',
    );
    expect(rows).toEqual([
      { note: 'by hand', customer_id: 'x', churn_probability: 0.5, artefact: null },
      { note: 'kept', customer_id: 'C-1', churn_probability: 0.5, artefact: 'churn@3' },
      { note: 'kept', customer_id: 'C-2', churn_probability: 0.5, artefact: 'churn@3' },
    ]);
    expect(await codes(targetOf(CHURN, { job: 'other' }))).toEqual(['table.other_job']);
  });

  test('must take every value unchanged; all that does not fit is named', async () => {
    await database.client.query(`create table churn_predictions (
      as_of timestamp, customer_id integer, churn_probability numeric(4,2), required text not null)`);
    expect(await codes(target)).toEqual([
      'table.column_type',
      'table.column_type',
      'table.column_type',
      'table.column_absent',
      'table.column_required',
    ]);
  });

  test('is no view', async () => {
    await database.client.query('create view churn_predictions as select 1 as one');
    expect(await codes(target)).toEqual(['table.kind']);
  });
});

describe('names', () => {
  const names = [
    'Simple',
    'with space',
    `it's "quoted"`,
    'grüße 💥 東京',
    'select',
    'semi;colon--',
    '$1',
    'a\\b',
    'ü'.repeat(31),
    'as_of; drop table x',
  ];
  test.each(names)('%s as table, key and output', async (name) => {
    const hostile: TargetTable = {
      ...targetOf({
        keys: [{ name, type: 'text' }],
        outputs: [outputColumn(name === 'Simple' ? 'x' : name.slice(1), 'float8')],
      }),
      table: `"${name.replaceAll('"', '""')}"`,
      description: `It's "${name}" \\ $predawn$`,
    };
    const rows = { keys: [['a', 'b']], outputs: [[1, 2]] };
    for (const score of [1, 2]) {
      await publishRows(publication, newAttempt(DAY, hostile), { ...rows, outputs: [[score, 2]] });
    }
    const { rows: seen } = await database.client.query(
      `select 1 from "${name.replaceAll('"', '""')}" where as_of = '${DAY}'`,
    );
    expect(seen).toHaveLength(2);
  });

  test('a schema before the table', async () => {
    await database.client.query('create schema "Odd.one"');
    const there = targetOf(CHURN, { table: '"Odd.one".churn' });
    await publishRows(publication, newAttempt(DAY, there), churnRows(2, 0.5));
    expect(await tableNames(database.client, 'churn', 'Odd.one')).toEqual(['churn']);
    expect(publication.howToLook(there, DAY)).toContain('"Odd.one".churn');
    expect(await codes(targetOf(CHURN, { table: 'nowhere.churn' }))).toEqual(['schema.absent']);
  });

  test('too long or taken twice are refused', async () => {
    expect(await codes(targetOf(CHURN, { table: 'ü'.repeat(32) }))).toEqual(['table.name']);
    const columns = {
      keys: [{ name: 'artefact', type: 'text' as const }],
      outputs: [outputColumn('x'.repeat(64), 'float4')],
    };
    expect(await codes(targetOf(columns))).toEqual(['column.name', 'column.twice']);
  });
});

describe('a role', () => {
  test('without rights is told everything at once, and nothing is made', async () => {
    const role = await createRole(database);
    try {
      await database.client.query('revoke create on schema public from public');
      const poor = await openPostgresPublication({ url: role.url });
      expect((await poor.check(target)).map(({ kind, code }) => [kind, code])).toEqual([
        ['configuration', 'schema.rights'],
        ['configuration', 'schema.permission'],
      ]);
      const attempt = newAttempt(DAY, target);
      const failing = poor.withAttempt(attempt, never, async () => 'worked');
      await expect(failing).rejects.toMatchObject({ kind: 'configuration', code: 'schema.rights' });
      await expect(failing).rejects.toHaveProperty('hint', expect.stringContaining('predawn db sql'));
      await expect(failing).rejects.not.toThrow(role.password);
    } finally {
      await role.drop();
    }
  });

  test('with the documented grants publishes, re-publishes and fails properly', async () => {
    const role = await createRole(database);
    try {
      const docs = await readFile(new URL('../../docs/postgres.md', import.meta.url), 'utf8');
      const grants = /```sql\n(grant[^`]*)```/.exec(docs)![1]!.replaceAll(' scoring;', ` ${role.name};`);
      await database.client.query('revoke create on schema public from public; create schema predictions');
      await database.client.query('create table customers ()');
      await database.client.query(migrationSql());
      const before = await openPostgresPublication({ url: role.url });
      const there = targetOf(CHURN, { table: 'predictions.churn' });
      const missing = (await before.check(there)).map(({ message }) => message).join('\n');
      for (const what of [
        'schema predawn',
        'migrations',
        'attempts',
        'slices',
        'tables',
        'rejects',
        'offending_rows',
        'predictions',
      ]) {
        expect(missing).toContain(what);
      }
      await database.client.query(grants);
      expect(await before.check(there)).toEqual([]);
      for (const score of [0.125, 0.25, 0.5, 0.75]) {
        await publishRows(before, newAttempt(DAY, there, { retain: 2 }), churnRows(3, score));
      }
      const failing = before.withAttempt(newAttempt(DAY, there), never, async (stage) => {
        await stage.reject([{ line: 1, column: 'a', code: 'missing', raw: '' }]);
        await stage.keepOffending([{ gate: 'checks', subject: 'a', key: '1', row: '' }]);
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      const { rows } = await database.client.query('select status from predawn.runs order by started_at');
      expect(rows.map(({ status }: { status: string }) => status)).toEqual([
        ...Array.from({ length: 4 }, () => 'published'),
        'failed',
      ]);
    } finally {
      await role.drop();
    }
  });
});

test('an unreachable server is reported by check', async () => {
  const nowhere = await openPostgresPublication({ url: 'postgres://u:hidden@127.0.0.1:1/x' });
  const [problem] = await nowhere.check(target);
  expect(problem).toMatchObject({ kind: 'unavailable', code: 'postgres.unreachable' });
  expect(problem!.message).not.toContain('hidden');
});

async function codes(of: TargetTable): Promise<string[]> {
  return (await publication.check(of)).map(({ code }) => code);
}
