import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Receipt } from '../../src/domain/receipt.js';
import { runInProcess } from '../helpers/in-process.js';
import { buildLogistic } from '../helpers/linear-models.js';
import { createDatabase } from '../helpers/postgres.js';
import { sampleProject, type TestProject } from '../helpers/project.js';

const DATES = ['2026-11-19', '2026-11-20', '2026-11-21'] as const;
const ROWS = 400;
const CEILINGS = '{ max_label_change: 10%, max_score_shift: { psi: 0.3 }, max_reject_rate: 0%, min_rows: 5 }';
const JOB = `model: tiny
timezone: UTC
input:
  csv: input/{date}.csv
key: id
output:
  table: tiny_scores
  columns: { score: "probabilities[yes]", answer: label }
`;

/** Version 1 is live; 2 is nearly the same, 3 the opposite, 4 wants a column that is not there. */
const MODELS = [
  buildLogistic({ a: 2, b: -1 }, 0.1),
  buildLogistic({ a: 2.01, b: -1 }, 0.1),
  buildLogistic({ a: -2, b: 1 }, -0.1),
  buildLogistic({ a: 2, c: -1 }, 0.1),
];

interface Row {
  readonly id: string;
  readonly score: number;
  readonly answer: string;
  readonly artefact: string;
}

interface Place {
  readonly project: TestProject;
  readonly env: Record<string, string>;
  /** Rows of a slice by key, or nothing where there is none. */
  rows(table: string, date: string): Promise<Row[]>;
  drop(): Promise<void>;
}

const settings = (destination: string) => `registry: ./registry
workers: 1
block_bytes: 1KiB
environments:
  dev:
    destination: ${destination}
    canary: ${CEILINGS}
`;

const PLACES: Record<string, () => Promise<Place>> = {
  async files() {
    const project = await sampleProject({ settings: settings('./predictions') });
    return {
      project,
      env: {},
      async rows(table, date) {
        const file = path.join(project.folder, 'predictions', table, `as_of=${date}`, 'predictions.parquet');
        const bytes = await readFile(file).catch(() => undefined);
        if (bytes === undefined) return [];
        const own = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
        return byKey((await parquetReadObjects({ file: own })) as unknown as Row[]);
      },
      drop: () => project.drop(),
    };
  },
  async postgres() {
    const database = await createDatabase();
    const project = await sampleProject({ settings: settings('${DESTINATION}') });
    return {
      project,
      env: { DESTINATION: database.url },
      async rows(table, date) {
        const client = new pg.Client({ connectionString: database.url });
        await client.connect();
        try {
          const there = await client.query('select to_regclass($1) as name', [table]);
          if ((there.rows[0] as { name: string | null }).name === null) return [];
          const { rows } = await client.query<Row>(
            `select id, score, answer, artefact from ${table} where as_of = $1`,
            [date],
          );
          return byKey(rows);
        } finally {
          await client.end();
        }
      },
      drop: async () => {
        await project.drop();
        await database.drop();
      },
    };
  },
};

function byKey(rows: readonly Row[]): Row[] {
  return rows
    .map(({ id, score, answer, artefact }) => ({ id, score, answer, artefact }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

function input(date: string): string {
  const day = Number(date.slice(-2));
  const lines = Array.from({ length: ROWS }, (_, row) => {
    const [a, b] = [Math.sin(row * 7 + day), Math.cos(row * 3 + day)];
    return `k${row},${a.toFixed(4)},${b.toFixed(4)}`;
  });
  return `id,a,b\n${lines.join('\n')}\n`;
}

describe.each(Object.keys(PLACES))('on %s', (kind) => {
  let place: Place;
  const predawn = (...args: string[]) =>
    runInProcess(args, { cwd: place.project.folder, env: place.env, now: new Date('2026-11-22T06:00:00Z') });

  async function succeed(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await predawn(...args);
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
    return stdout;
  }
  const run = async (date: string, ...more: string[]) =>
    JSON.parse(await succeed('run', 'tiny', '--date', date, '--json', ...more)) as Receipt;
  const share = async () => {
    const listed = JSON.parse(await succeed('model', 'list', '--json')) as {
      name: string;
      version: number;
      rollouts: unknown[];
    }[];
    return listed.flatMap(({ name, version, rollouts }) =>
      name === 'tiny' && rollouts.length > 0 ? [{ version, rollouts }] : [],
    );
  };
  const actions = async () =>
    (
      JSON.parse(await succeed('model', 'history', 'tiny', '--json')) as {
        kind: string;
        action: string;
        by: string;
      }[]
    )
      .filter((move) => move.kind === 'rollout')
      .map(({ action, by }) => `${action} by ${by}`);

  beforeEach(async () => {
    place = await PLACES[kind]!();
    await place.project.write('jobs/tiny.yaml', JOB);
    for (const date of DATES) await place.project.write(`input/${date}.csv`, input(date));
    for (const [index, model] of MODELS.entries()) {
      await place.project.write(`${index}.onnx`, model);
      await succeed('model', 'add', 'tiny', `${index}.onnx`, '--quiet');
    }
    await succeed('model', 'promote', 'tiny', '1', '--to', 'dev', '--quiet');
  });
  afterEach(() => place.drop());

  it('keeps a shadow’s rows apart, and compares them in the receipt', async () => {
    const before = await run(DATES[0]);
    const live = await place.rows('tiny_scores', DATES[0]);
    expect(before.rollout).toBeUndefined();
    await succeed('model', 'shadow', 'tiny', '3', '--reason', 'a look');

    const { outcome, rollout, warnings } = await run(DATES[0]);
    expect(outcome).toBe('published');
    expect(warnings).toEqual([]);
    expect(await place.rows('tiny_scores', DATES[0])).toEqual(live);
    const shadow = await place.rows('tiny_scores_shadow', DATES[0]);
    expect(shadow.map(({ id }) => id)).toEqual(live.map(({ id }) => id));
    expect(new Set(shadow.map(({ artefact }) => artefact))).toEqual(new Set(['tiny@3']));
    const changed = shadow.filter(({ answer }, row) => answer !== live[row]!.answer).length;
    const distances = shadow.map(({ score }, row) => score - live[row]!.score);
    expect(rollout).toMatchObject({
      ...{ mode: 'shadow', outcome: 'not_judged', problem: null, changed_labels: changed },
      candidate: { version: 3 },
      rows: { read: ROWS, scored: ROWS, rejected: 0 },
      output: { rows: ROWS },
    });
    expect(changed).toBeGreaterThan(ROWS / 2);
    const [{ column, mean_difference, max_difference, psi }] = rollout!.differences as [
      NonNullable<typeof rollout>['differences'][number],
    ];
    expect(column).toBe('score');
    expect(mean_difference).toBeCloseTo(distances.reduce((sum, each) => sum + each) / ROWS, 6);
    expect(max_difference).toBeCloseTo(Math.max(...distances.map(Math.abs)), 6);
    expect(psi).toBeGreaterThan(0);

    expect((await run(DATES[0])).outcome).toBe('unchanged');
    await succeed('model', 'shadow', 'tiny', '--stop');
    // Its rows were never in the slice.
    expect((await run(DATES[0])).outcome).toBe('unchanged');
    expect((await run(DATES[1])).rollout).toBeUndefined();
    expect(await place.rows('tiny_scores_shadow', DATES[1])).toEqual([]);
    expect(await actions()).toEqual(['start by tester', 'stop by tester']);
  });

  it('publishes, and warns, where a shadow can’t be scored with', async () => {
    await succeed('model', 'shadow', 'tiny', '4');
    const { outcome, rollout, warnings } = await run(DATES[0]);
    expect(outcome).toBe('published');
    expect(rollout).toMatchObject({ mode: 'shadow', outcome: 'failed', output: null });
    expect(warnings).toEqual([
      expect.stringMatching(/^the shadow tiny@4 failed, the slice is complete: .*"?c"?/),
    ]);
    expect(new Set((await place.rows('tiny_scores', DATES[0])).map(({ artefact }) => artefact))).toEqual(
      new Set(['tiny@1']),
    );
    expect(await place.rows('tiny_scores_shadow', DATES[0])).toEqual([]);
  });

  it('has a canary score its share of the keys, the same ones every time and with more', async () => {
    await run(DATES[0]);
    const live = await place.rows('tiny_scores', DATES[0]);
    await succeed('model', 'shadow', 'tiny', '2');
    await run(DATES[0]);
    const candidate = await place.rows('tiny_scores_shadow', DATES[0]);

    const sets: Set<string>[] = [];
    for (const percent of ['10%', '40%', '100%']) {
      await succeed('model', 'canary', 'tiny', '2', '--share', percent);
      const { rollout } = await run(DATES[0]);
      const rows = await place.rows('tiny_scores', DATES[0]);
      const own = new Set(rows.filter(({ artefact }) => artefact === 'tiny@2').map(({ id }) => id));
      expect(rollout).toMatchObject({
        ...{ mode: 'canary', outcome: 'passed', output: null },
        rows: { read: own.size, scored: own.size, rejected: 0 },
      });
      // Every row is as its own artefact gives it, the labels too.
      expect(rows).toEqual(live.map((row, at) => (own.has(row.id) ? candidate[at]! : row)));
      sets.push(own);
      expect((await run(DATES[0])).outcome).toBe('unchanged');
      await run(DATES[0], '--force');
      expect(await place.rows('tiny_scores', DATES[0])).toEqual(rows);
    }
    expect([...sets[0]!].filter((id) => !sets[1]!.has(id))).toEqual([]);
    expect(sets[0]!.size).toBeGreaterThan(ROWS * 0.03);
    expect(sets[1]!.size).toBeLessThan(ROWS * 0.6);
    expect(sets[1]!.size).toBeGreaterThan(sets[0]!.size);
    expect(sets[2]!.size).toBe(ROWS);

    await succeed('model', 'canary', 'tiny', '--stop');
    expect((await run(DATES[0])).outcome).toBe('published');
    expect(await place.rows('tiny_scores', DATES[0])).toEqual(live);
  });

  it('goes up the ramp, a date once', async () => {
    await succeed('model', 'canary', 'tiny', '2', '--ramp', '20,50,100', '--after-clean-runs', '1');
    expect((await run(DATES[0])).rollout?.share).toBe(0.2);
    expect(await share()).toEqual([
      { version: 2, rollouts: [{ environment: 'dev', mode: 'canary', share: 0.5 }] },
    ]);
    expect((await run(DATES[0])).rollout?.share).toBe(0.5);
    expect((await run(DATES[1])).rollout?.share).toBe(0.5);
    const text = await succeed('run', 'tiny', '--date', DATES[2]);
    expect(text).toContain('canary       tiny@2, 100 % of the keys: its checks hold; 400 rows');
    expect(text).toContain('Next: predawn model promote tiny 2 --to dev');
    expect(await actions()).toEqual(['start by tester', 'advance by predawn', 'advance by predawn']);
    await succeed('model', 'promote', 'tiny', '2', '--to', 'dev');
    expect(await share()).toEqual([]);
    expect((await run(DATES[2])).rollout).toBeUndefined();
  });

  it('publishes the live version’s rows where a canary fails, and says so once', async () => {
    await run(DATES[0]);
    const live = await place.rows('tiny_scores', DATES[0]);
    await succeed('model', 'canary', 'tiny', '3', '--share', '30%');

    const dry = await predawn('run', 'tiny', '--date', DATES[1], '--dry-run');
    expect(dry.code).toBe(65);
    expect(dry.stderr).toContain('the canary tiny@3 failed: max_label_change is 100 %');
    expect(await share()).toMatchObject([{ version: 3, rollouts: [{ share: 0.3 }] }]);

    const { code, stdout, stderr } = await predawn('run', 'tiny', '--date', DATES[1]);
    expect(code).toBe(77);
    expect(stdout).toContain('✓ tiny 2026-11-21'.replace('21', '20'));
    expect(stderr).toMatch(/is published with the rows of tiny@1 alone, because the canary tiny@3 failed/);
    expect(stderr).toContain('max_label_change is');
    expect(stderr).toContain('exit 77');
    const rows = await place.rows('tiny_scores', DATES[1]);
    expect(rows).toHaveLength(ROWS);
    expect(new Set(rows.map(({ artefact }) => artefact))).toEqual(new Set(['tiny@1']));
    expect(await share()).toMatchObject([{ version: 3, rollouts: [{ share: 0 }] }]);
    expect(await actions()).toEqual(['start by tester', 'fail by predawn']);

    const runs = JSON.parse(await succeed('runs', 'tiny', '--json')) as {
      status: string;
      receipt: Receipt;
    }[];
    expect(runs.map(({ status }) => status)).toEqual(['published', 'failed', 'published']);
    expect(runs[0]!.receipt.warnings[0]).toMatch(/^the canary tiny@3 failed, and all rows are tiny@1's/);

    expect((await run(DATES[1])).outcome).toBe('unchanged');
    const next = await run(DATES[2]);
    expect([next.outcome, next.rollout, next.warnings]).toEqual(['published', undefined, []]);
    expect(await place.rows('tiny_scores', DATES[0])).toEqual(live);
  });

  it('publishes the live version’s rows where a canary can’t be scored with', async () => {
    await succeed('model', 'canary', 'tiny', '4', '--share', '30%');
    const { code, stdout } = await predawn('run', 'tiny', '--date', DATES[0], '--json');
    const { exit_code, error, result } = JSON.parse(stdout) as {
      exit_code: number;
      error: { kind: string };
      result: Receipt;
    };
    expect([code, exit_code, error.kind]).toEqual([77, 77, 'canary']);
    expect(result).toMatchObject({ outcome: 'published', rollout: { outcome: 'failed' } });
    expect(await place.rows('tiny_scores', DATES[0])).toHaveLength(ROWS);
    expect(await share()).toMatchObject([{ rollouts: [{ share: 0 }] }]);
  });
});
