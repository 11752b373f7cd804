import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { customerCsvChunks } from '../../data-samples/generate.js';
import { SAMPLE_DATE, succeed } from '../helpers/project.js';
import type { RunningCli } from '../helpers/cli.js';
import { type Destination, DESTINATIONS, type Reader, type Slice } from './destinations.js';

/**
 * Real processes, killed where it hurts, with readers looping all the while: a reader sees the old slice or the new
 * one, whole, and the next ordinary run needs no repair.
 */
const ROWS = 4_000;
const INPUT = `data-samples/churn/${SAMPLE_DATE}.csv`;
const KILLS_IN_EACH_PHASE = 4;

describe.each(Object.keys(DESTINATIONS))('%s', (kind) => {
  let destination: Destination;
  let readers: Reader[];
  beforeEach(async () => {
    destination = await DESTINATIONS[kind]!();
    readers = await destination.readers();
  });
  afterEach(async () => {
    for (const reader of readers) await reader.close();
    await destination.drop();
  });

  const input = (seed: number) => [...customerCsvChunks({ asOf: SAMPLE_DATE, rows: ROWS, seed })].join('');
  const run = () => succeed(destination.project, 'run', 'churn', '--date', SAMPLE_DATE, '--quiet');
  const start = () => destination.project.start('run', 'churn', '--date', SAMPLE_DATE);

  it.each(['started', 'publishing'])(
    'SIGKILL when it says %s: old slice or new one, and the next run publishes',
    async (phase) => {
      await destination.project.write(INPUT, input(1));
      await run();
      for (let kill = 0; kill < KILLS_IN_EACH_PHASE; kill++) {
        const old = await readers[0]!.read();
        await destination.project.write(INPUT, input(2 + kill));
        const running = start();
        await running.logged(phase);
        const seen = await readWhile(running, kill);
        await run();
        const now = await readers[0]!.read();
        expect(now).not.toBe(old);
        expect(now!.split('\n')).toHaveLength(ROWS);
        expect([...new Set(seen)].filter((slice) => slice !== old && slice !== now)).toEqual([]);
        expect(seen.length).toBeGreaterThan(0);
      }
    },
    120_000,
  );

  it('SIGKILL on a date without a slice: nothing or all', async () => {
    await destination.project.write(INPUT, input(1));
    const running = start();
    await running.logged('publishing');
    const seen = await readWhile(running, 1);
    await run();
    const now = await readers[0]!.read();
    expect(seen.filter((slice) => slice !== undefined && slice !== now)).toEqual([]);
  });

  it('two runs of one date at once: one publishes, one exits 75', async () => {
    await destination.project.write(INPUT, input(1));
    const first = start();
    await first.logged('started');
    first.child.kill('SIGSTOP');
    const second = await start().finished;
    first.child.kill('SIGCONT');
    expect(second).toMatchObject({ code: 75 });
    expect(second.stderr).toContain('lock.held');
    expect(await first.finished).toMatchObject({ code: 0 });
    const ledger = JSON.parse(await succeed(destination.project, 'runs', 'churn', '--json')) as {
      status: string;
    }[];
    expect(ledger.filter(({ status }) => status === 'published')).toHaveLength(1);
    expect((await readers[0]!.read())!.split('\n')).toHaveLength(ROWS);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('%s while scoring: exit %i, and nothing is published', async (signal, code) => {
    await destination.project.write(INPUT, input(1));
    const running = start();
    // The scoring threads are only being started now.
    await running.logged('started');
    running.child.kill(signal);
    const result = await running.finished;
    expect(result.code).toBe(code);
    expect(result.stderr).toContain('interrupted');
    expect(await readers[0]!.read()).toBeUndefined();
    await run();
    expect((await readers[0]!.read())!.split('\n')).toHaveLength(ROWS);
  });

  it('a killed attempt is settled by the next run, and its leftovers go', async () => {
    await destination.project.write(INPUT, input(1));
    const running = start();
    await running.logged('started');
    running.child.kill('SIGKILL');
    await running.finished;
    await run();
    const ledger = JSON.parse(await succeed(destination.project, 'runs', 'churn', '--json')) as {
      status: string;
    }[];
    expect(ledger.map(({ status }) => status)).toEqual(['published', 'failed']);
  });

  /** Reads in a loop, kills the run after `reads` more rounds, and reads on until it is gone. */
  async function readWhile(running: RunningCli, reads: number): Promise<Slice[]> {
    const seen: Slice[] = [];
    const { child } = running;
    for (let round = 0; (child.exitCode ?? child.signalCode) === null || round <= reads; round++) {
      if (round === reads) child.kill('SIGKILL');
      seen.push(...(await Promise.all(readers.map((reader) => reader.read()))));
    }
    await running.finished;
    return seen;
  }
});
