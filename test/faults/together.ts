import { rm } from 'node:fs/promises';
import path from 'node:path';
import { runOn } from '../helpers/databases.js';
import type { CliResult } from '../helpers/cli.js';
import type { Wrong } from './findings.js';
import type { Ground } from './ground.js';
import { CHANGES } from './inputs.js';
import type { PostgresGround } from './postgres-ground.js';
import { ARMED, type Proving } from './proving.js';

/** Several runs of one date at once: one publishes, the others exit 75, or find that there is nothing to do. */
export async function proveAtOnce(proving: Proving, isLong: boolean): Promise<void> {
  for (const count of isLong ? [2, 10] : [3])
    for (const change of isLong ? CHANGES : (['many'] as const))
      await proving.provePublished(`${count} runs at once`, change, async (date, wrong) => {
        const runs = Array.from({ length: count }, () => run(proving, date));
        judge(await Promise.all(runs), wrong);
      });
}

/**
 * The lock does not keep others out: a run that holds it is overtaken by another one, which has published by the time
 * the first one, asleep meanwhile, wants to. The fence must stop it.
 */
export async function proveFence(proving: Proving, isLong: boolean): Promise<void> {
  const { ground } = proving;
  const steps =
    ground.name === 'files'
      ? (['gates passed', 'recorded'] as const)
      : (['rows staged', 'gates passed'] as const);
  for (const step of isLong ? steps : [steps[0]])
    for (const change of isLong ? CHANGES : (['many'] as const))
      await proving.provePublished('a stale attempt wakes up', change, async (date, wrong) => {
        const env = { PREDAWN_FAILPOINT: `${step}#1:wait` };
        const stale = proving.start(['run', 'churn', '--date', date, '--json'], env, ARMED);
        await stale.wrote(new RegExp(`failpoint: ${step}`));
        stale.child.kill('SIGSTOP');
        await breakLock(ground, date);
        const other = await run(proving, date);
        stale.child.kill('SIGCONT');
        stale.child.kill('SIGUSR2');
        const late = await stale.finished;
        if (other.code !== 0)
          wrong('wrong exit codes or messages', `the later run: ${other.code}: ${other.stderr}`);
        if (late.code !== 75)
          wrong('wrong exit codes or messages', `the stale run: ${late.code}: ${late.stderr}`);
      });
}

/** PostgreSQL hands the lock to everybody who asks: the fence and the primary key must do. */
export async function proveWithoutLock(
  proving: Proving,
  { database }: PostgresGround,
  isLong: boolean,
): Promise<void> {
  await runOn(
    database.url,
    `create function public.pg_try_advisory_lock(bigint) returns boolean language sql as 'select true'`,
  );
  // Found before the server's own, as the schema is named first.
  const url = new URL(database.url);
  url.searchParams.set('options', '-c search_path=public,pg_catalog');
  for (const change of isLong ? CHANGES : (['many'] as const))
    await proving.provePublished('runs at once without a lock', change, async (date, wrong) => {
      const runs = Array.from({ length: isLong ? 10 : 3 }, () =>
        run(proving, date, { DESTINATION: url.href }),
      );
      judge(await Promise.all(runs), wrong);
    });
  await runOn(database.url, 'drop function public.pg_try_advisory_lock(bigint)');
}

function run(proving: Proving, date: string, env: Record<string, string> = {}): Promise<CliResult> {
  const quiet = { PREDAWN_LOG_LEVEL: 'error', ...env };
  return proving.start(['run', 'churn', '--date', date, '--json'], quiet).finished;
}

/** As if its holder were cut off from the server, or its machine from a shared folder. */
async function breakLock(ground: Ground, date: string): Promise<void> {
  if (ground.name === 'files') {
    await rm(path.join(ground.root!, `_predawn/churn/locks/${date}.lock`));
    return;
  }
  const { database } = ground as PostgresGround;
  await runOn(
    database.url,
    `select pg_terminate_backend(pid, 10000) from pg_stat_activity
     where datname = current_database() and application_name like 'predawn %'`,
  );
}

/** At least one ends well; nobody ends otherwise than with 0 or 75. */
function judge(results: readonly CliResult[], wrong: (what: Wrong, detail: string) => void): void {
  const odd = results.filter(({ code }) => code !== 0 && code !== 75);
  for (const { code, signal, stderr } of odd)
    wrong('wrong exit codes or messages', `${code ?? signal}: ${stderr}`);
  if (!results.some(({ code }) => code === 0)) wrong('wrong exit codes or messages', 'nobody published');
}
