import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PredawnError } from '../../../src/domain/errors.js';
import type { GateRules } from '../../../src/domain/gate.js';
import type { Job, Settings } from '../../../src/domain/job.js';
import type { Model } from '../../../src/domain/model.js';
import { replayChecks } from '../../../src/run/gate/checks.js';
import { type OpenVersion, type Replay, replay } from '../../../src/run/gate/replay.js';
import type { Services } from '../../../src/run/services.js';
import { wireServices } from '../../../src/wiring.js';
import { buildLogistic, buildRegression } from '../../helpers/linear-models.js';
import { buildSingle } from '../../helpers/onnx-builder.js';

const DATES = ['2026-11-18', '2026-11-19', '2026-11-20'];
const ALL: GateRules = {
  on: { job: 'leads', dates: 3 },
  ceilings: {
    rejectRate: 0.01,
    millisecondsPer1kRows: 40,
    rssMegabytes: 600,
    scoreShift: 0.2,
    labelChange: 0.02,
  },
};

let folder: string;
let services: Services;
const opened: Model[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'predawn-replay-'));
  services = await wireServices({ cwd: folder, now: () => new Date() });
  for (const date of DATES) await write(date, rows(1000));
});
afterAll(async () => {
  for (const model of opened) await model.close();
  await rm(folder, { recursive: true, force: true });
});

/** A day whose `a` goes evenly from -1 to 1, and whose `b` is 1 for the last tenth. */
function rows(count: number): string[] {
  return Array.from(
    { length: count },
    (_, row) => `${row},${(2 * row) / count - 1},${row >= 0.9 * count ? 1 : 0}`,
  );
}

async function write(date: string, lines: readonly string[]): Promise<void> {
  await writeFile(path.join(folder, `${date}.csv`), `${['id,a,b', ...lines].join('\n')}\n`);
}

async function open(label: string, bytes: Uint8Array): Promise<OpenVersion> {
  const { model, manifest } = await services.prepareCandidate(bytes, {
    ...{ addedAt: '', addedBy: '', note: undefined, training: undefined },
  });
  const shared = new Uint8Array(new SharedArrayBuffer(model.length));
  shared.set(model);
  const version = { label, model: await services.codecs.openModel(shared, manifest.signature) };
  opened.push(version.model);
  return version;
}

function job(changes: Partial<Job> = {}): Job {
  return {
    ...{ name: 'leads', path: 'jobs/leads.yaml', digest: 'sha256:0', model: 'leads', schedule: undefined },
    timezone: 'UTC',
    input: {
      csv: {
        ...{ path: '{date}.csv', delimiter: ',', quote: '"', encoding: 'utf-8' },
        ...{ header: undefined, finalNewline: 'required' },
      },
      query: undefined,
    },
    ...{ key: ['id'], features: {}, missing: {} },
    output: { table: 'leads', format: 'parquet', columns: undefined },
    limits: { rejects: { count: 0 }, inexactIntegers: { count: 0 }, minRows: 1 },
    ...changes,
  };
}

interface Asked {
  readonly dates?: readonly string[];
  readonly job?: Job;
  readonly blockBytes?: number;
  readonly clock?: () => number;
}

function run(candidate: OpenVersion, incumbent: OpenVersion | PredawnError | undefined, asked: Asked = {}) {
  const { dates = DATES, blockBytes = 4096, clock = () => 0 } = asked;
  const settings = {
    ...{
      path: '',
      root: folder,
      registry: '',
      cache: '',
      jobs: '',
      environments: ['dev'],
      promotion: {},
      workers: 1,
    },
    ...{ blockBytes, environment: { name: 'dev', source: undefined, destination: '', retain: 1 } },
  } satisfies Settings;
  return replay(
    { settings, job: asked.job ?? job(), dates, candidate, incumbent },
    {
      services,
      signal: new AbortController().signal,
      meters: { clock, peakRss: () => 200e6 },
      onEvent: () => undefined,
    },
  );
}

/** Results by the check's name. */
function checks(found: Replay, incumbent: string | null = 'leads@1') {
  const list = replayChecks({
    ...{ rules: ALL, replay: found, environment: 'staging', incumbent: incumbent ?? undefined },
  });
  return Object.fromEntries(list.map((check) => [check.check, check]));
}

describe('a replay', () => {
  it('finds nothing between a version and itself, in every date', async () => {
    const version = await open('leads@1', buildLogistic({ a: 3 }));
    const found = await run(version, version);
    expect(found.tally).toMatchObject({ read: 3000, scored: 3000, rejected: 0 });
    expect(found.dates.map(({ date, rows: read, absent }) => [date, read, absent])).toEqual(
      DATES.map((date) => [date, 1000, null]),
    );
    expect(found.comparison).toEqual({
      rows: 3000,
      shifts: [
        { column: 'probability_no', psi: 0 },
        { column: 'probability_yes', psi: 0 },
      ],
      unpaired: [],
      changedLabels: 0,
    });
    expect(Object.values(checks(found)).map(({ status }) => status)).toEqual(new Array(7).fill('passed'));
  });

  it('counts changed labels exactly, and measures a shift', async () => {
    const live = await open('leads@1', buildLogistic({ a: 3 }));
    // The last tenth of the rows has b = 1, and all of them were yes: now they are no.
    const candidate = await open('leads@2', buildLogistic({ a: 3, b: -6 }));
    const found = await run(candidate, live);
    const { max_label_change: labels, max_score_shift: shift } = checks(found);
    expect(labels).toMatchObject({ status: 'failed', found: 0.1, ceiling: 0.02, unit: 'share' });
    expect(labels!.detail).toBe('300 of 3,000 rows against leads@1');
    expect(shift).toMatchObject({ status: 'failed', unit: 'PSI', ceiling: 0.2 });
    // A tenth of the rows leaves the highest tenth for the lower ones: 0.1 ln (0.1 / 0.0005) and little more.
    expect(shift!.found).toBeGreaterThan(0.4);
    expect(shift!.hint).not.toBeNull();
    expect(checks(found)['scores']).toMatchObject({ status: 'passed', hint: null });
  });

  it('gives the same figures whatever the size of a block', async () => {
    const [live, candidate] = [
      await open('leads@1', buildLogistic({ a: 3 })),
      await open('leads@2', buildLogistic({ a: 2.5, b: -1 }, 0.3)),
    ];
    const figures = await Promise.all(
      [512, 8192, 2 ** 20].map(async (blockBytes) => (await run(candidate, live, { blockBytes })).comparison),
    );
    expect(figures[1]).toEqual(figures[0]);
    expect(figures[2]).toEqual(figures[0]);
  });

  it('compares on the rows that both can take, and rejects for the candidate what it can not', async () => {
    await write('2026-11-17', ['1,0.5,1', '2,0.5,', '3,,1', '4,-0.5,1']);
    const [onA, onB] = [
      await open('leads@1', buildLogistic({ a: 1 })),
      await open('leads@2', buildLogistic({ b: 1 })),
    ];
    const found = await run(onB, onA, { dates: ['2026-11-17'] });
    expect(found.tally).toMatchObject({ read: 4, scored: 3, rejected: 1 });
    expect(found.comparison).toMatchObject({ rows: 2, changedLabels: 1 });
    expect(checks(found)['max_reject_rate']).toMatchObject({
      status: 'failed',
      found: 0.25,
      detail: '1 of 4 rows: 1 missing in b',
    });
  });

  it('takes the 95th percentile of the time of the candidate alone', async () => {
    const version = await open('leads@1', buildLogistic({ a: 3 }));
    let time = 0;
    // Called before and after the candidate scores a block: 7 ms each time.
    let calls = 0;
    const clock = () => (time += calls++ % 2 === 0 ? 1000 : 7);
    const found = await run(version, version, { dates: ['2026-11-18'], blockBytes: 2 ** 20, clock });
    expect(found.millisecondsPer1kRows).toBe(7);
    expect(checks(found)['max_ms_per_1k_rows']).toMatchObject({ status: 'passed', found: 7, ceiling: 40 });
    expect(checks(found)['max_rss_mb']).toMatchObject({ status: 'passed', found: 200 });
  });

  it('has nothing to compare with before the first promotion', async () => {
    const found = await run(await open('leads@1', buildLogistic({ a: 3 })), undefined);
    const { max_label_change: labels, max_score_shift: shift, ...others } = checks(found, null);
    for (const check of [labels, shift]) {
      expect(check).toMatchObject({
        status: 'not_applicable',
        found: null,
        detail: 'Nothing is live in staging to compare with',
      });
    }
    expect(Object.values(others).map(({ status }) => status)).toEqual(new Array(5).fill('passed'));
  });

  it('has no labels to compare of a regression, whose scores it compares', async () => {
    const [live, same, other] = [
      await open('prices@1', buildRegression({ a: 3 }, 200_000)),
      await open('prices@2', buildRegression({ a: 3 }, 200_000)),
      await open('prices@3', buildRegression({ a: 3 }, 200_002)),
    ];
    expect(checks(await run(same, live))).toMatchObject({
      max_label_change: { status: 'not_applicable' },
      max_score_shift: { status: 'passed', found: 0 },
    });
    // A shift by a third of the range is one, however small beside the values.
    expect(checks(await run(other, live))['max_score_shift']).toMatchObject({ status: 'failed' });
  });

  it('can not compare a regression with a classifier, and says so', async () => {
    const [live, candidate] = [
      await open('leads@1', buildLogistic({ a: 1 })),
      await open('leads@2', buildRegression({ a: 1 })),
    ];
    expect(checks(await run(candidate, live))).toMatchObject({
      max_label_change: {
        status: 'failed',
        found: null,
        detail: 'It gives other labels than leads@1, which is live',
      },
      max_score_shift: {
        status: 'failed',
        found: null,
        detail: 'No score has the same name in both: variable, probability_no, probability_yes',
      },
    });
  });

  it('fails on scores that no run would publish', async () => {
    const value = { name: 'a', element: 'float32', shape: ['N', 1] } as const;
    const log = await open('logs@1', buildSingle('Log', value, { ...value, name: 'variable' }));
    const found = await run(log, undefined, { dates: ['2026-11-18'] });
    expect(checks(found)['scores']).toMatchObject({ status: 'failed', found: 501, ceiling: 0 });
    expect(checks(found)['scores']!.detail).toContain(
      'variable is NaN or infinite in 501 rows of 1000; first keys: 0',
    );
  });
});

describe('a replay without what it needs', () => {
  it('leaves out dates that have no input, and says so', async () => {
    const version = await open('leads@1', buildLogistic({ a: 3 }));
    await write('2026-11-16', []);
    const found = await run(version, version, { dates: ['2026-11-15', '2026-11-16', '2026-11-18'] });
    expect(found.dates.map(({ absent }) => absent)).toEqual([
      expect.stringContaining('2026-11-15.csv does not exist'),
      expect.stringContaining('has no rows for 2026-11-16'),
      null,
    ]);
    expect(checks(found)['input']).toMatchObject({ status: 'passed', found: 1, ceiling: 1 });
  });

  it('fails where no date has input: a figure that was not measured holds no ceiling', async () => {
    const version = await open('leads@1', buildLogistic({ a: 3 }));
    const all = Object.values(checks(await run(version, version, { dates: ['2026-11-15'] })));
    expect(all.map(({ check, status }) => [check, status])).toEqual([
      ['input', 'failed'],
      ['scores', 'failed'],
      ['max_reject_rate', 'failed'],
      ['max_ms_per_1k_rows', 'failed'],
      ['max_rss_mb', 'failed'],
      ['max_score_shift', 'failed'],
      ['max_label_change', 'failed'],
    ]);
    expect(all[0]!.detail).toContain('2026-11-15.csv does not exist');
    expect(all[0]!.hint).toContain('--date');
  });

  it('fails where every row is rejected', async () => {
    await write('2026-11-14', ['1,x,0', '2,y,0']);
    const version = await open('leads@1', buildLogistic({ a: 3 }));
    const found = checks(await run(version, version, { dates: ['2026-11-14'] }));
    expect(found['max_reject_rate']).toMatchObject({ status: 'failed', found: 1 });
    expect(found['max_ms_per_1k_rows']).toMatchObject({ status: 'failed', found: null });
    expect(found['max_label_change']).toMatchObject({ status: 'failed', found: null });
  });

  it('goes on without a live version that can not be opened, or that the job does not fit any more', async () => {
    const candidate = await open('leads@2', buildLogistic({ a: 3 }));
    const gone = new PredawnError('artefact', 'version.missing', 'Version 1 is not there.');
    const unfit = await open('leads@1', buildLogistic({ removed: 3 }));
    for (const [incumbent, reason] of [
      [gone, 'Version 1 is not there.'],
      [unfit, 'needs column "removed"'],
    ] as const) {
      const found = checks(await run(candidate, incumbent));
      expect(found['max_ms_per_1k_rows']).toMatchObject({ status: 'passed' });
      for (const check of [found['max_score_shift'], found['max_label_change']]) {
        expect(check).toMatchObject({ status: 'failed', found: null });
        expect(check!.detail).toContain("leads@1, which is live, can't score these rows: ");
        expect(check!.detail).toContain(reason);
      }
    }
  });

  it('does not go on without a candidate that the job does not fit', async () => {
    const candidate = await open('leads@2', buildLogistic({ removed: 3 }));
    await expect(run(candidate, undefined)).rejects.toMatchObject({
      kind: 'configuration',
      code: 'bind.column_unknown',
    });
  });

  it('refuses an input that was cut short', async () => {
    await writeFile(path.join(folder, '2026-11-13.csv'), 'id,a,b\n1,0.5,1\n2,0.');
    const version = await open('leads@1', buildLogistic({ a: 3 }));
    await expect(run(version, undefined, { dates: ['2026-11-13'] })).rejects.toMatchObject({
      kind: 'input',
      code: 'input.truncated',
    });
  });
});
