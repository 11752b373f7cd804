import type { Step } from '../../src/domain/failpoint.js';
import { openClient, runOn } from '../helpers/databases.js';
import type { RunningCli } from '../helpers/cli.js';
import type { TestServer } from '../setup/server.js';
import type { Findings } from './findings.js';
import { type Change, CHANGES } from './inputs.js';
import { findPooler, startPooler } from './pooler.js';
import type { PostgresGround } from './postgres-ground.js';
import type { Exit, FaultCase, Proving } from './proving.js';

/** Where the server fails; and whether the slice is the new one by then. */
const STEPS: readonly (readonly [Step, 'old' | 'new'])[] = [
  ['attempt opened', 'old'],
  ['block staged', 'old'],
  ['rows staged', 'old'],
  ['key built', 'old'],
  ['fence passed', 'old'],
  ['slice changed', 'old'],
  ['ledger written', 'old'],
  ['committing', 'old'],
  ['committed', 'new'],
];

type At = readonly [Step, 'old' | 'new'];

/** Does `harm` when a run is at a step, and lets it go on. */
function harmedAt(
  [step, slice]: At,
  harm: () => Promise<void>,
): Pick<FaultCase, 'failpoint' | 'act' | 'exits'> {
  const lost: Record<'old' | 'new', Exit[]> =
    slice === 'old' ? { old: [75], new: [] } : { old: [], new: [0] };
  return {
    failpoint: { step, action: 'wait', nth: step === 'block staged' ? 2 : 1 },
    act: async ({ child, wrote }: RunningCli) => {
      await wrote(new RegExp(`failpoint: ${step}`));
      await harm();
      child.kill('SIGUSR2');
    },
    exits: lost,
  };
}

/** The server crashes while a run stages or publishes, and is there again at once, or only when the run has ended. */
export async function proveCrashes(proving: Proving, server: TestServer, isLong: boolean): Promise<void> {
  const steps = isLong ? STEPS : STEPS.filter(([step]) => ['rows staged', 'committing'].includes(step));
  const changes = isLong ? CHANGES : (['many'] as const);
  for (const change of changes)
    for (const at of steps)
      await proving.prove({
        kind: 'server stopped in immediate mode',
        name: `server crashes at ${at[0]}`,
        change,
        ...harmedAt(at, async () => {
          await server.crash();
          await server.restart();
        }),
      });
  if (!isLong) return;
  for (const at of STEPS) {
    const { exits, ...harmed } = harmedAt(at, () => server.crash());
    await proving.prove({
      kind: 'server stopped in immediate mode',
      name: `server crashes at ${at[0]} and stays away`,
      change: 'many',
      ...harmed,
      mend: () => server.restart(),
      // Nobody can say what became of the COMMIT.
      exits: at[0] === 'committing' ? { old: [74], new: [] } : exits,
    });
  }
}

/** Somebody ends the server processes of a run. */
export async function proveTerminations(
  proving: Proving,
  { database }: PostgresGround,
  isLong: boolean,
): Promise<void> {
  const sql = `select pg_terminate_backend(pid, 10000) from pg_stat_activity
    where datname = current_database() and application_name like 'predawn %'`;
  const steps = isLong ? STEPS : STEPS.filter(([step]) => ['block staged', 'ledger written'].includes(step));
  for (const change of isLong ? CHANGES : (['few'] as const))
    for (const at of steps)
      await proving.prove({
        kind: 'server processes terminated',
        name: `terminated at ${at[0]}`,
        change,
        ...harmedAt(at, async () => {
          await runOn(database.url, sql);
        }),
      });
}

/** Somebody has the predictions table locked for longer than `lock_timeout`, or reads it in one long transaction. */
export async function proveLocks(
  proving: Proving,
  { database }: PostgresGround,
  findings: Findings,
  isLong: boolean,
): Promise<void> {
  const hold = async (
    change: Change,
    what: string,
    sql: string,
    exits: FaultCase['exits'],
    says?: RegExp,
  ) => {
    const client = await openClient(database.url);
    await proving.prove({
      ...{ kind: what, name: what, change, exits, says },
      begin: async () => {
        await client.query('begin isolation level repeatable read');
        await client.query(sql);
      },
      mend: () => client.end(),
    });
  };
  const reading = 'select count(*) from churn_predictions';
  for (const change of isLong ? CHANGES : (['many'] as const)) {
    // There must be a table to lock.
    if (change === 'first') await proving.prepare('many');
    await hold(change, 'a transaction that reads all the while', reading, { old: [], new: [0] });
  }
  if (!isLong) {
    findings.skip('a table locked for longer than lock_timeout', 'it takes a minute; npm run faults has it');
    return;
  }
  for (const change of CHANGES) {
    const lock = 'lock table churn_predictions in share mode';
    await hold(change, 'lock_timeout', lock, { old: [75], new: [] }, /postgres\.lock_timeout/);
  }
}

/** PgBouncer in transaction mode is refused, in session mode it does no harm. */
export async function provePooler(
  proving: Proving,
  { database, name }: PostgresGround,
  findings: Findings,
): Promise<void> {
  const program = findPooler();
  if (program === undefined) {
    findings.skip(`${name}: PgBouncer in the way`, 'there is no pgbouncer on this machine');
    return;
  }
  for (const mode of ['transaction', 'session'] as const) {
    const pooler = await startPooler(program, database.url, mode);
    await proving.prove({
      kind: `PgBouncer in ${mode} mode`,
      name: `PgBouncer in ${mode} mode`,
      change: 'many',
      env: { DESTINATION: pooler.through(database.url) },
      mend: () => pooler.stop(),
      exits: mode === 'transaction' ? { old: [78], new: [] } : { old: [], new: [0] },
      says: /postgres\.pooler/,
    });
  }
}
