import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { customerCsvChunks } from '../../data-samples/generate.js';
import type { CliResult } from '../helpers/cli.js';
import { SAMPLE_DATE, succeed } from '../helpers/project.js';
import { type Destination, DESTINATIONS, type Reader, type Slice } from './destinations.js';

/**
 * Undo, staging and comparison as a person has them: real processes, and readers that loop while slices flip and the
 * processes that flip them are killed.
 */
const ROWS = 2_000;
const INPUT = `data-samples/churn/${SAMPLE_DATE}.csv`;
/** Half of them killed. `PREDAWN_TEST_FLIPS=200` for the long version. */
const FLIPS = Number(process.env['PREDAWN_TEST_FLIPS'] ?? 8);

// Every test is a dozen processes.
vi.setConfig({ testTimeout: 120_000 });

interface Entry {
  readonly attempt_id: string;
  readonly status: string;
  readonly is_current: boolean;
  readonly rows_kept: boolean;
  readonly moves: readonly { readonly action: string; readonly by: string; readonly reason: string | null }[];
}

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

  const input = (seed: number, rows = ROWS) =>
    [...customerCsvChunks({ asOf: SAMPLE_DATE, rows, seed })].join('');
  const predawn = (...args: string[]) => destination.project.run(...args);
  const read = () => readers[0]!.read();
  const onDate = ['--date', SAMPLE_DATE];

  /** Publishes an input of its own; returns the attempt's id. */
  async function publish(seed: number, ...options: string[]): Promise<string> {
    await destination.project.write(INPUT, input(seed));
    const receipt = await succeed(destination.project, 'run', 'churn', ...onDate, '--json', ...options);
    return (JSON.parse(receipt) as { attempt_id: string }).attempt_id;
  }

  async function ledger(): Promise<readonly Entry[]> {
    return JSON.parse(await succeed(destination.project, 'runs', 'churn', '--json')) as Entry[];
  }

  it('restore goes back without scoring, and the next run does what the ledger says', async () => {
    const first = await publish(1);
    const before = await read();
    const second = await publish(2);
    await destination.project.write(INPUT, 'not a CSV that could be scored');
    await destination.project.write('jobs/churn.yaml', 'broken: [');
    const output = JSON.parse(
      await succeed(destination.project, 'restore', 'churn', ...onDate, '--reason', 'why not', '--json'),
    ) as Record<string, unknown>;
    expect(output).toMatchObject({
      outcome: 'moved',
      as_of: SAMPLE_DATE,
      attempt_id: first,
      replaced_attempt_id: second,
    });
    expect(await read()).toBe(before);
    const entry = (await ledger()).find(({ attempt_id }) => attempt_id === first)!;
    expect(entry).toMatchObject({ is_current: true, moves: [{ action: 'publish' }, { action: 'restore' }] });
    expect(entry.moves[1]!.reason).toBe('why not');
    expect(entry.moves[1]!.by).not.toBe('');
    expect(await succeed(destination.project, 'runs', ...onDate)).toMatch(/restored .*why not/);
    expect(await succeed(destination.project, 'runs', '--date', '2020-02-02')).toBe(
      'No attempts in dev for 2020-02-02.\n',
    );
    const text = await succeed(destination.project, 'restore', 'churn', '--attempt', second.slice(0, 30));
    expect(text).toContain(first);
    expect(await read()).not.toBe(before);
  });

  it('a run after a restore is unchanged only for the input of the slice', async () => {
    await publish(1);
    await publish(2);
    await succeed(destination.project, 'restore', 'churn', ...onDate, '--quiet');
    const restored = await read();
    await destination.project.write(INPUT, input(1));
    const same = await succeed(destination.project, 'run', 'churn', ...onDate, '--json');
    expect(JSON.parse(same)).toMatchObject({ outcome: 'unchanged' });
    expect(await read()).toBe(restored);
    await publish(2);
    expect(await read()).not.toBe(restored);
  });

  it('a range says what became of every date, and can be run again', async () => {
    await publish(1);
    const before = await read();
    await publish(2);
    const args = ['restore', 'churn', '--from', '2026-11-20', '--to', '2026-11-22'];
    for (const outcome of ['restored', 'was restored']) {
      const result = await predawn(...args);
      expect(result.code).toBe(64);
      expect(result.stdout).toMatch(/2026-11-20 +failed: restore.nothing/);
      expect(result.stdout).toMatch(new RegExp(`${SAMPLE_DATE} +${outcome} `));
      expect(result.stderr).toContain('2 of 3 dates were not restored');
      expect(await read()).toBe(before);
    }
    const json = JSON.parse((await predawn(...args, '--json')).stdout) as {
      exit_code: number;
      result: { dates: { outcome: string }[] };
    };
    expect(json.exit_code).toBe(64);
    expect(json.result.dates.map(({ outcome }) => outcome)).toEqual(['failed', 'unchanged', 'failed']);
    await succeed(destination.project, 'restore', 'churn', '--from', SAMPLE_DATE, '--to', SAMPLE_DATE);
  });

  it('a date that is being run exits 75', async () => {
    await publish(1);
    await publish(2);
    await destination.project.write(INPUT, input(3));
    const running = destination.project.start('run', 'churn', ...onDate);
    await running.logged('started');
    running.child.kill('SIGSTOP');
    const held = await predawn('restore', 'churn', ...onDate);
    running.child.kill('SIGCONT');
    expect(held.code).toBe(75);
    expect(held.stderr).toContain('lock.held');
    expect((await running.finished).code).toBe(0);
  });

  it('--stage-only waits beside the slice, publish flips to it, restore back', async () => {
    await publish(1);
    const before = await read();
    const staged = await publish(2, '--stage-only');
    expect(await read()).toBe(before);
    expect((await ledger())[0]).toMatchObject({ attempt_id: staged, status: 'staged', rows_kept: true });
    const text = await succeed(destination.project, 'publish', staged, '--reason', 'reviewed');
    expect(text).toContain(`predawn restore churn --date ${SAMPLE_DATE}`);
    const after = await read();
    expect(after).not.toBe(before);
    expect(await succeed(destination.project, 'publish', staged)).toContain('nothing to do');
    await succeed(destination.project, 'restore', 'churn', ...onDate, '--quiet');
    expect(await read()).toBe(before);
    expect((await predawn('publish', staged)).code).toBe(64);
    expect((await predawn('publish', 'ffffff')).code).toBe(64);
  });

  it('--compare explains a re-run, and publishes nothing', async () => {
    await publish(1);
    const before = await read();
    const entries = (await ledger()).length;
    const same = await succeed(destination.project, 'run', 'churn', ...onDate, '--compare', '--json');
    expect(JSON.parse(same)).toMatchObject({
      outcome: 'dry-run',
      comparison: { identical: true, causes: [], rows: { new: ROWS, slice: ROWS, changed: 0 } },
    });
    await destination.project.write(INPUT, input(2));
    await destination.project.edit('jobs/churn.yaml', 'timezone:', '# a comment\ntimezone:');
    const other = await succeed(destination.project, 'run', 'churn', ...onDate, '--compare', '--json');
    const { comparison } = JSON.parse(other) as {
      comparison: {
        identical: boolean;
        causes: { what: string }[];
        rows: { changed: number; only_new: number };
        columns: { column: string; largest: { key: string; difference: number }[] }[];
      };
    };
    expect(comparison.identical).toBe(false);
    expect(comparison.causes.map(({ what }) => what)).toEqual(['input', 'job file']);
    expect(comparison.rows.changed).toBeGreaterThan(0);
    const { largest } = comparison.columns.find(({ column }) => column === 'churn_probability')!;
    const sizes = largest.map(({ difference }) => Math.abs(difference));
    expect(sizes).toHaveLength(10);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    const shown = await predawn('run', 'churn', ...onDate, '--compare');
    expect(shown.stdout).toContain(largest[0]!.key);
    expect(shown.stderr).not.toContain(largest[0]!.key);
    expect(await read()).toBe(before);
    expect(await ledger()).toHaveLength(entries);
    expect((await predawn('run', 'churn', ...onDate, '--compare', '--stage-only')).code).toBe(64);
  });

  it(
    `${FLIPS} flips, half of them killed: readers see old rows or new ones, whole`,
    async () => {
      const ids = [await publish(1)];
      const states = [await read()];
      ids.push(await publish(2));
      states.push(await read());
      expect(new Set(states).size).toBe(2);
      const counts = { reads: 0, bad: 0, killed: 0, flipped: 0 };
      let flipping = true;
      const reading = readers.map(async (reader) => {
        while (flipping) {
          const seen: Slice = await reader.read();
          counts.reads++;
          if (!states.includes(seen)) counts.bad++;
        }
      });
      const before = await read();
      // How long a restore takes when nobody stops it, as the machine is now.
      let whole = 0;
      const timed = async (work: Promise<CliResult>) => {
        const started = performance.now();
        const result = await work;
        if (result.code === 0) whole = performance.now() - started;
        return result;
      };
      await timed(predawn('restore', 'churn', ...onDate));
      expect(await read()).not.toBe(before);
      try {
        for (let flip = 0; flip < FLIPS; counts.flipped++) {
          const target = ids[counts.flipped % 2]!;
          if (flip % 2 === 0) {
            // Anywhere between its start and its end; one that was quicker was just another flip.
            const running = destination.project.start('restore', 'churn', '--attempt', target);
            const kill = setTimeout(() => running.child.kill('SIGKILL'), Math.random() * whole);
            const { code, signal } = await timed(running.finished);
            clearTimeout(kill);
            if (signal !== 'SIGKILL') {
              expect(code).toBe(0);
              continue;
            }
            counts.killed++;
          } else {
            expect(await retryHeld(() => timed(predawn('restore', 'churn', '--attempt', target)))).toBe(0);
            expect(states.indexOf(await read())).toBe(ids.indexOf(target));
          }
          flip++;
        }
      } finally {
        flipping = false;
        await Promise.all(reading);
      }
      if (FLIPS > 50) process.stdout.write(`${kind}: ${JSON.stringify(counts)}\n`);
      expect(counts.bad).toBe(0);
      expect(counts.reads).toBeGreaterThan(FLIPS);
      const slice = await read();
      expect(counts.killed).toBe(FLIPS / 2);
      await succeed(destination.project, 'restore', 'churn', '--attempt', ids[1]!, '--quiet');
      expect(await read()).toBe(states[1]);
      expect(states).toContain(slice);
      await publish(3);
    },
    60_000 + FLIPS * 6_000,
  );

  /** The server needs a moment to notice that a killed client is gone, and another flip may be going on. */
  async function retryHeld(work: () => Promise<{ code: number | null }>): Promise<number | null> {
    for (;;) {
      const { code } = await work();
      if (code !== 75) return code;
    }
  }
});
