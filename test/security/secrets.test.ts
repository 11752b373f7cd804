import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { REPOSITORY, runCli } from '../helpers/cli.js';
import {
  createDatabase,
  createRole,
  type TestDatabase,
  type TestRole,
  withParts,
} from '../helpers/postgres.js';
import { filesBeneath, SAMPLE_DATE, sampleProject, type TestProject } from '../helpers/project.js';
import { ok, type Receiver, startReceiver, status } from '../notify/receiver.js';
import { leaksIn, PASSWORD, TOKEN } from './leaks.js';

/**
 * A password and tokens are planted wherever predawn takes some; then everything that can fail is made to, as loud as it
 * can be; then all that was written anywhere is searched for them.
 */
let project: TestProject;
let database: TestDatabase;
let role: TestRole;
let poor: TestRole;
let receiver: Receiver;
const written: { readonly where: string; readonly text: string }[] = [];

const runOf = (date: string, job = 'churn') => ['run', job, '--date', date];
const RUN = runOf(SAMPLE_DATE);
const DEAD = `http://127.0.0.1:1`;

/** One command that is meant to end with a code. */
interface Attempt {
  readonly name: string;
  readonly code: number;
  readonly args?: readonly string[];
  readonly source?: string;
  readonly destination?: string;
  readonly registry?: string;
  readonly notify?: object;
  /** The whole of the settings, where they are more than wrong values. */
  readonly settings?: string;
  readonly env?: Record<string, string>;
  readonly skip?: boolean;
}

const planted = (url: string, parts: Parameters<typeof withParts>[1] = {}) =>
  withParts(url, { password: PASSWORD, ...parts });

/** Receivers of every kind, with a token in each place that one can stand in. */
const notifying = (url: string) => ({
  healthchecks: { url: `${url}/ping/${TOKEN}/{job}` },
  webhooks: [
    { url: `${url}/slack/${TOKEN}`, format: 'slack', on: ['failure', 'success', 'recovery', 'warning'] },
    { url: `${url}/teams?sig=${TOKEN}`, format: 'teams', on: ['failure', 'success'] },
    { url: `${url}/json`, headers: { Authorization: `Bearer ${TOKEN}` } },
  ],
  prometheus: { pushgateway: url.replace('://', `://user:${TOKEN}@`) },
  openlineage: { url, api_key: TOKEN, file: './lineage.ndjson' },
  opentelemetry: { endpoint: url, headers: { 'api-key': TOKEN } },
});

function attempts(): Attempt[] {
  const good = role.url;
  const misspelt = `postgres://${role.name}:${PASSWORD}@127.0.0.1/db`;
  return [
    { name: 'published', code: 0, notify: notifying(receiver.url) },
    { name: 'published already', code: 0 },
    { name: 'restore of nothing', code: 64, args: ['restore', 'churn', '--date', '2020-01-01'] },
    { name: 'nobody listens', code: 75, destination: planted(good, { port: 1 }) },
    { name: 'no such host', code: 75, source: good.replace('127.0.0.1', 'no-such-host.invalid') },
    {
      ...{ name: 'wrong password', code: 78, skip: !inject('asksForPasswords') },
      source: planted(good, { password: `${PASSWORD}-wrong` }),
      notify: notifying(receiver.url),
    },
    { name: 'wrong database', code: 78, destination: planted(good, { database: 'nowhere' }) },
    { name: 'no TLS', code: 78, source: `${good}?sslmode=require` },
    { name: 'no certificate', code: 78, source: `${good}?sslmode=verify-full&sslrootcert=/no/such/file` },
    { name: 'an option that is none', code: 78, source: `${good}?options=-c%20no_such_setting%3D1` },
    { name: 'a mode that is none', code: 78, source: `${good}?sslmode=perhaps` },
    { name: 'no table', code: 78, args: runOf(SAMPLE_DATE, 'no-table') },
    { name: 'a division', code: 65, args: runOf(SAMPLE_DATE, 'division') },
    { name: 'a killed backend', code: 75, args: runOf(SAMPLE_DATE, 'killed') },
    { name: 'no rights to publish', code: 78, destination: poor.url },
    { name: 'no rights to read', code: 78, source: poor.url },
    { name: 'a password left bare', code: 78, source: misspelt },
    { name: 'a password left bare, as destination', code: 78, destination: misspelt },
    { name: 'another database', code: 78, destination: `mysql://user:${encodeURIComponent(PASSWORD)}@db/x` },
    { name: 'a URL without slashes', code: 78, source: `postgres:user:${PASSWORD}@db/x` },
    { name: 'no scheme', code: 78, destination: `user:${PASSWORD}@db/x` },
    { name: 'a connection string', code: 78, registry: `host=db user=x password=${PASSWORD}` },
    { name: 'a port that is none', code: 78, source: good.replace(/:\d+\//, ':port/') },
    { name: 'registry: nobody listens', code: 75, registry: planted(good, { port: 1 }) },
    { name: 'registry: no such model', code: 78, registry: good },
    { name: 'registry: wrong database', code: 78, registry: planted(good, { database: 'nowhere' }) },
    { name: 'receivers that are dead', code: 0, args: runOf('2026-11-20'), notify: notifying(DEAD) },
    {
      ...{ name: 'receivers that are no URLs', code: 66, args: runOf('2026-11-18') },
      notify: { webhooks: [{ url: TOKEN }, { url: receiver.url, headers: { 'X Y': TOKEN } }] },
    },
    {
      ...{ name: 'receivers that refuse', code: 0, args: runOf('2026-11-19') },
      notify: notifying(`${receiver.url}/refused`),
    },
    { name: 'notify', code: 0, args: ['notify'], notify: notifying(receiver.url) },
    { name: 'notify --test, dead', code: 75, args: ['notify', '--test'], notify: notifying(DEAD) },
    {
      name: 'validate',
      code: 0,
      args: ['validate', 'churn', '--date', SAMPLE_DATE],
      notify: notifying(receiver.url),
    },
    { name: 'validate, dead', code: 75, args: ['validate', 'churn'], source: planted(good, { port: 1 }) },
    { name: 'runs', code: 0, args: ['runs'] },
    { name: 'status', code: 0, args: ['status'] },
    { name: 'check', code: 69, args: ['check'] },
    { name: 'crontab', code: 0, args: ['crontab', '--variables', 'predawn.env'] },
    { name: 'systemd', code: 0, args: ['systemd', '--variables', 'predawn.env'] },
    { name: 'a password in the wrong line', code: 78, settings: `registry: ./registry\n  ${misspelt}: x\n` },
    { name: 'a password as a key', code: 78, settings: `${misspelt}\n` },
    {
      ...{ name: 'a password where none belongs', code: 78 },
      settings: stringify({ registry: './registry', environments: { dev: { destination: { url: good } } } }),
    },
    { name: 'a password as a number of threads', code: 78, settings: `workers: ${JSON.stringify(good)}\n` },
    { name: 'an option that there is not', code: 64, args: [...RUN, `--destination=${good}`] },
    { name: 'one argument too many', code: 64, args: [...RUN, good] },
  ];
}

let failures: string[];

beforeAll(async () => {
  database = await createDatabase();
  receiver = await startReceiver();
  receiver.answer = (got, answer) => (got.url.startsWith('/refused') ? status(500) : ok)(got, answer);
  [role, poor] = [await createRole(database), await createRole(database)];
  for (const { name } of [role, poor])
    await database.client.query(`alter role ${name} password ${database.client.escapeLiteral(PASSWORD)}`);
  role = { ...role, url: planted(role.url) };
  poor = { ...poor, url: planted(poor.url) };
  await database.client.query(
    await readFile(path.join(REPOSITORY, 'data-samples/churn/customers.sql'), 'utf8'),
  );
  await database.client.query(
    `grant all on database ${database.name} to ${role.name}; grant all on schema public to ${role.name};
     grant select on customers to ${role.name};`,
  );
  project = await sampleProject();
  const job = (await project.read('jobs/churn.yaml')).replace('table: churn_predictions', 'table: other');
  const query = 'select * from customers where as_of = :date';
  await project.write('jobs/no-table.yaml', job.replace(query, 'select * from nowhere'));
  await project.write('jobs/division.yaml', job.replace(query, `${query} and tenure_months / 0 = 1`));
  await project.write(
    'jobs/killed.yaml',
    job.replace(query, `${query} and pg_terminate_backend(pg_backend_pid(), tenure_months * 0)`),
  );
  await project.write('predawn.env', `URL=${role.url}\n`);
  failures = await provoke(attempts().filter(({ skip }) => skip !== true));
}, 240_000);
afterAll(async () => {
  await project.drop();
  await receiver.close();
  await role.drop();
  await poor.drop();
  await database.drop();
});

/** Runs them, a few at a time; of each its output at its loudest. */
async function provoke(all: readonly Attempt[]): Promise<string[]> {
  const wrong: string[] = [];
  const [first, ...others] = all;
  await one(first!, 0);
  const queue = others.map((attempt, index) => () => one(attempt, index + 1));
  await Promise.all(
    [1, 2, 3].map(async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await next();
    }),
  );
  return wrong;

  async function one(attempt: Attempt, number: number): Promise<void> {
    const { name, code, args = RUN, source, destination, registry, notify, settings, env } = attempt;
    const config = `settings-${number}.yaml`;
    const environment = { source: '${SOURCE}', destination: '${DESTINATION}', ...(notify && { notify }) };
    await project.write(
      config,
      settings ?? stringify({ registry: '${REGISTRY}', workers: 1, environments: { dev: environment } }),
    );
    const isRun = args[0] === 'run';
    const report = `report-${number}.json`;
    const loud = args[0] === 'crontab' || args[0] === 'systemd' ? [] : ['--json', '--debug'];
    const words = [...args, '--config', config, ...loud, ...(isRun ? ['--report', report] : [])];
    const ended = await runCli(words, {
      cwd: project.folder,
      env: {
        ...{
          SOURCE: source ?? role.url,
          DESTINATION: destination ?? role.url,
          REGISTRY: registry ?? './registry',
        },
        ...{ PREDAWN_LOG_LEVEL: 'trace', XDG_CACHE_HOME: path.join(project.folder, 'cache'), ...env },
        TMPDIR: project.folder,
      },
    });
    if (ended.code !== code) wrong.push(`${name}: ${ended.code}, not ${code}: ${ended.stderr.slice(-900)}`);
    written.push(
      { where: `${name}: stdout`, text: ended.stdout },
      { where: `${name}: stderr`, text: ended.stderr },
    );
  }
}

const isOurs = (file: string) => !/^(settings-\d+\.yaml|predawn\.env)$/.test(file);

describe('a planted secret', () => {
  it('was there in every failure, each with its exit code', () => {
    expect(failures).toEqual([]);
    expect(written.filter(({ text }) => text.includes('"level":')).length).toBeGreaterThan(3);
  });

  it('is in no output, at any level', () => {
    expect(written.flatMap(({ where, text }) => leaksIn(text).map((leak) => `${where}: ${leak}`))).toEqual(
      [],
    );
  });

  it('is in no file that was written: reports, ledger, registry, cache, lineage', async () => {
    const files = (await filesBeneath(project.folder)).filter(isOurs);
    expect(files.filter((file) => /^report-|lineage/.test(file)).length).toBeGreaterThan(10);
    for (const file of files) {
      const text = (await readFile(path.join(project.folder, file))).toString('latin1');
      expect(leaksIn(text), file).toEqual([]);
      expect(leaksIn(file)).toEqual([]);
    }
  });

  it('is in no row of the ledger, nor anywhere in the database', async () => {
    const { rows: tables } = await database.client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
       where schemaname not in ('pg_catalog', 'information_schema') union all select 'predawn.runs'`,
    );
    expect(tables.map(({ name }) => name)).toContain('predawn.attempts');
    for (const { name } of tables) {
      const { rows } = await database.client.query<{ text: string }>(`select t::text as text from ${name} t`);
      expect(leaksIn(rows.map(({ text }) => text).join('\n')), name).toEqual([]);
    }
    const { rows } = await database.client.query(`select from predawn.attempts where status = 'failed'`);
    expect(rows.length).toBeGreaterThan(0);
  });

  it('is sent to nobody but those whose own it is', () => {
    expect(receiver.received.length).toBeGreaterThan(10);
    expect(receiver.received.flatMap(({ body }) => leaksIn(body))).toEqual([]);
    expect(receiver.received.some(({ headers }) => leaksIn(JSON.stringify(headers)).length > 0)).toBe(true);
  });

  it('would be found', () => {
    for (const text of [PASSWORD, encodeURIComponent(PASSWORD), PASSWORD.toUpperCase(), TOKEN])
      expect(leaksIn(`… ${text} …`)).not.toEqual([]);
    for (const before of ['', 'u:', 'user:'])
      expect(leaksIn(Buffer.from(before + PASSWORD).toString('base64'))).not.toEqual([]);
    expect(leaksIn(Buffer.from(TOKEN).toString('hex'))).not.toEqual([]);
    expect(leaksIn('nothing of it')).toEqual([]);
  });
});
