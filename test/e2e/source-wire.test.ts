import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { REPOSITORY } from '../helpers/cli.js';
import { runInProcess } from '../helpers/in-process.js';
import { createDatabase, type TestDatabase } from '../helpers/postgres.js';
import { SAMPLE_DATE, sampleProject, type TestProject } from '../helpers/project.js';
import { type Harm, type Proxy, startProxy, throughProxy } from '../helpers/proxy.js';

/** A connection to the source that breaks anywhere, while that to the destination holds. */
let project: TestProject;
let database: TestDatabase;
let proxy: Proxy;
beforeAll(async () => {
  project = await sampleProject({
    settings: `registry: ./registry
environments:
  production:
    source: \${SOURCE}
    destination: \${DESTINATION}
`,
  });
  database = await createDatabase();
  await database.client.query(
    readFileSync(path.join(REPOSITORY, 'data-samples/churn/customers.sql'), 'utf8'),
  );
  proxy = await startProxy(database.url);
});
afterAll(async () => {
  await proxy.close();
  await database.drop();
  await project.drop();
});

const run = () =>
  runInProcess(['run', 'churn', '--date', SAMPLE_DATE, '--json'], {
    cwd: project.folder,
    env: { SOURCE: throughProxy(database.url, proxy), DESTINATION: database.url },
  });

async function slice(): Promise<string> {
  const { rows } = await database.client.query<{ slice: string }>(
    `select string_agg(customer_id || '=' || churn_probability, ' ' order by customer_id) as slice
     from churn_predictions where as_of = $1`,
    [SAMPLE_DATE],
  );
  return rows[0]!.slice;
}

const HARMS: readonly [Harm['what'], Harm['direction'], number][] = (
  ['cut', 'reset', 'delay'] as const
).flatMap((what) =>
  (['to the client', 'to the server'] as const).flatMap((direction) =>
    [0.1, 0.6].map((share): [Harm['what'], Harm['direction'], number] => [what, direction, share]),
  ),
);

it('is 75 and leaves the slice as it is, or the whole input was read', { timeout: 120_000 }, async () => {
  void proxy.armHarm({ direction: 'to the client', byte: Infinity, what: 'cut' });
  expect(await run()).toMatchObject({ code: 0 });
  const lengths = { ...proxy.passed };
  const ends: number[] = [];
  for (const [what, direction, share] of HARMS) {
    await database.client.query('update customers set monthly_charge = monthly_charge + 1');
    const before = await slice();
    const byte = Math.floor(share * lengths[direction]);
    const harmed = proxy.armHarm({ direction, byte, what });
    const { code, stderr } = await run();
    await harmed;
    const place = `${what} at byte ${byte} ${direction}: ${stderr}`;
    expect(what === 'delay' ? [0] : [0, 75], place).toContain(code);
    if (code === 75) expect(await slice(), place).toBe(before);
    else expect(await slice(), place).not.toBe(before);
    ends.push(code);
    expect(await run(), place).toMatchObject({ code: 0 });
    expect((await slice()).split(' '), place).toHaveLength(500);
    expect(await slice(), place).not.toBe(before);
  }
  expect(ends.filter((code) => code === 75).length).toBeGreaterThan(4);
});
