import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadJob } from '../../src/config/jobs.js';
import { loadProject, loadSettings } from '../../src/config/settings.js';
import { PredawnError } from '../../src/domain/errors.js';
import type { Registry } from '../../src/domain/registry.js';
import type { GateContext } from '../../src/run/gate/run-gate.js';
import { promote, type PromotionAsked, tryGate } from '../../src/run/promote.js';
import { wireServices } from '../../src/wiring.js';
import { buildLogistic } from '../helpers/linear-models.js';
import { filesBeneath } from '../helpers/project.js';

const SETTINGS = `
environments:
  dev: { destination: ./dev }
  staging: { destination: ./staging, after: dev }
  production:
    destination: ./production
    after: staging
    gate:
      on: { dates: 2 }
      max_reject_rate: 1%
      max_score_shift: { psi: 0.2 }
      max_label_change: 2%
`;
const JOB = `
model: leads
timezone: UTC
input: { csv: "{date}.csv" }
key: id
`;
const NOW = new Date('2026-11-21T05:00:00Z');

let folder: string;
let registry: Registry;
let context: GateContext;
let asked: Omit<PromotionAsked, 'version' | 'environment'>;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'predawn-promote-'));
  await writeFile(path.join(folder, 'predawn.yaml'), `jobs: .\n${SETTINGS}`);
  await writeFile(path.join(folder, 'leads.yaml'), JOB);
  const lines = Array.from({ length: 1000 }, (_, row) => `${row},${row / 500 - 1},${row >= 900 ? 1 : 0}`);
  for (const date of ['2026-11-19', '2026-11-20'])
    await writeFile(path.join(folder, `${date}.csv`), `${['id,a,b', ...lines].join('\n')}\n`);

  const base = { path: path.join(folder, 'predawn.yaml'), variables: {}, cores: 1 };
  const project = await loadProject(base);
  const services = await wireServices({ cwd: folder, now: () => NOW });
  registry = await services.openRegistry(project);
  context = {
    ...{ services, signal: new AbortController().signal, now: () => NOW },
    meters: { clock: () => 0, peakRss: () => 1e8 },
    onEvent: () => undefined,
    openVerified: ({ model, manifest }) => services.codecs.openModel(model, manifest.signature),
  };
  asked = {
    ...{ registry, project, name: 'leads', accept: [], reason: undefined, by: 'ada', date: undefined },
    replayed: async () => {
      const settings = await loadSettings({ ...base, environment: 'production' });
      return { settings, job: await loadJob(settings, 'leads') };
    },
  };
  // 2 gives the scores of 1 for almost all rows; 3 other labels for a tenth; 4 is unverified.
  const models = [
    buildLogistic({ a: 3 }),
    buildLogistic({ a: 3.001 }),
    buildLogistic({ a: 3, b: -6 }),
    buildLogistic({ a: 4 }),
  ];
  for (const [index, bytes] of models.entries()) {
    const addition = { addedAt: NOW.toISOString(), addedBy: 'ada', note: undefined, training: undefined };
    const candidate = await services.prepareCandidate(bytes, addition);
    const golden = { rows: 1, tolerance: { relative: 0, absolute: 0 }, expectedFrom: 'given' } as const;
    await registry.add('leads', {
      ...candidate,
      ...(index < 3 && {
        golden: new TextEncoder().encode('{}'),
        manifest: { ...candidate.manifest, golden },
      }),
    });
  }
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const go = (version: number, environment: string, more: Partial<PromotionAsked> = {}) =>
  promote({ ...asked, version, environment, ...more }, context);
const live = async (environment: string) => (await registry.alias('leads', environment))?.version;

/** Makes a version live everywhere, without looking. */
async function force(version: number, ...environments: string[]): Promise<void> {
  for (const environment of environments)
    await registry.promote({ name: 'leads', version, environment, by: 'ada' });
}

describe('promote', () => {
  it('goes through the environments in their order', async () => {
    for (const [environment, before, state] of [
      ['staging', 'dev', 'nothing is live'],
      ['production', 'staging', 'nothing is live'],
    ] as const) {
      await expect(go(1, environment)).rejects.toMatchObject({
        kind: 'configuration',
        code: 'promote.not_live_before',
        message: `leads@1 can't go to ${environment}: it must be live in ${before} first, where ${state}.`,
        hint: `predawn model promote leads 1 --to ${before}`,
      });
    }
    await go(1, 'dev');
    const { move, report } = await go(1, 'staging');
    expect(report).toBeUndefined();
    expect(move).toMatchObject({ environment: 'staging', to: 1, gate: undefined, accepted: undefined });
    await go(2, 'dev');
    await expect(go(2, 'production')).rejects.toMatchObject({
      message: "leads@2 can't go to production: it must be live in staging first, where leads@1 is.",
    });
  });

  it('keeps the report of the gate with the move', async () => {
    await force(1, 'dev', 'staging');
    const first = await go(1, 'production', { reason: 'the first one' });
    expect(first.report).toMatchObject({
      ...{ model: 'leads', environment: 'production', passed: true, incumbent: null },
      candidate: { version: 1 },
      job: { name: 'leads' },
      dates: [
        { date: '2026-11-19', input: '2026-11-19.csv', rows: 1000, rejected: 0 },
        { date: '2026-11-20', rows: 1000 },
      ],
    });
    await force(2, 'dev', 'staging');
    const { report, move } = await go(2, 'production');
    expect(report).toMatchObject({ incumbent: { version: 1 }, passed: true });
    expect(report!.checks.map(({ check, status }) => [check, status])).toEqual([
      ['golden', 'passed'],
      ['input', 'passed'],
      ['scores', 'passed'],
      ['max_reject_rate', 'passed'],
      ['max_score_shift', 'passed'],
      ['max_label_change', 'passed'],
    ]);
    const moves = (await registry.history('leads')).filter(({ environment }) => environment === 'production');
    expect(moves).toEqual([first.move, move]);
    expect(JSON.parse(JSON.stringify(moves.at(-1)!.gate))).toEqual(JSON.parse(JSON.stringify(report)));
    expect((await filesBeneath(folder)).filter((file) => file.startsWith('production'))).toEqual([]);
  });

  it('moves nothing where the gate fails, and says every figure', async () => {
    await force(1, 'dev', 'staging', 'production');
    await force(3, 'dev', 'staging');
    const error = await go(3, 'production').then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(PredawnError);
    expect(error).toMatchObject({
      kind: 'data',
      code: 'gate.failed',
      message:
        'leads@3 does not pass the gate of production: max_score_shift, max_label_change. Nothing was moved.',
      hint: expect.stringContaining(
        '--accept max_score_shift --accept max_label_change --reason TEXT',
      ) as string,
      details: { gate: { passed: false } },
    });
    expect((error as PredawnError).problems.map(({ code }) => code)).toEqual([
      'gate.max_score_shift',
      'gate.max_label_change',
    ]);
    expect(await live('production')).toBe(1);
  });

  it('takes failures that somebody accepts, each by its name, and records them', async () => {
    await force(1, 'dev', 'staging', 'production');
    await force(3, 'dev', 'staging');
    const reason = 'a new campaign';
    await expect(go(3, 'production', { accept: ['max_label_change'], reason })).rejects.toMatchObject({
      code: 'gate.max_score_shift',
    });
    expect(await live('production')).toBe(1);
    const accept = ['max_label_change', 'max_score_shift', 'max_reject_rate'];
    const { move } = await go(3, 'production', { accept, reason });
    // The reject rate was within its ceiling: there was nothing to accept.
    expect(move.accepted).toEqual([
      { check: 'max_score_shift', reason },
      { check: 'max_label_change', reason },
    ]);
    expect(move).toMatchObject({ from: 1, to: 3, reason, gate: { passed: false } });
    expect(await live('production')).toBe(3);
  });

  it.each([
    [{ accept: ['max_label_chnage'], reason: 'x' }, 'accept.unknown', 'Did you mean "max_label_change"?'],
    [
      { accept: ['max_rss_mb'], reason: 'x' },
      'accept.unknown',
      'Checks there are: input, scores, max_reject_rate',
    ],
    [{ accept: ['max_label_change'] }, 'accept.reason', '--reason TEXT'],
    [{ accept: ['max_label_change'], reason: ' ' }, 'accept.reason', '--reason TEXT'],
    [{ accept: ['golden'], reason: 'x' }, 'accept.never', 'Every run checks the golden rows'],
  ])('takes no other words: %j', async (more, code, hint) => {
    await force(1, 'dev', 'staging');
    await expect(go(1, 'production', more)).rejects.toMatchObject({
      kind: 'usage',
      code,
      hint: expect.stringContaining(hint) as string,
    });
  });

  it('has nothing to accept where there is no gate', async () => {
    await expect(go(1, 'dev', { accept: ['max_label_change'], reason: 'x' })).rejects.toMatchObject({
      kind: 'usage',
      code: 'accept.no_gate',
    });
  });

  it('takes no unverified version through a gate, whatever is accepted', async () => {
    await force(4, 'dev', 'staging');
    await expect(
      go(4, 'production', { accept: ['max_score_shift', 'max_label_change'], reason: 'x' }),
    ).rejects.toMatchObject({
      code: 'gate.golden',
      problems: [{ message: expect.stringContaining('leads@4 has no golden rows') as string }],
      hint: 'What failed on golden rows can be accepted by nobody.',
    });
  });

  it('takes no version whose golden rows differ here', async () => {
    await force(1, 'dev', 'staging');
    const mismatch = new PredawnError('artefact', 'golden.mismatch', '2 rows differ');
    const { code, problems } = await promote(
      { ...asked, version: 1, environment: 'production' },
      { ...context, openVerified: () => Promise.reject(mismatch) },
    ).then(
      () => Promise.reject(new Error('it was promoted')),
      (error: unknown) => error as PredawnError,
    );
    expect([code, problems[0]!.message]).toEqual(['gate.golden', 'golden: 2 rows differ.']);
  });

  it('runs no gate for what is live already', async () => {
    await force(1, 'dev', 'staging', 'production');
    const openVerified = () => Promise.reject(new Error('nothing is to be opened'));
    const promotion = await promote(
      { ...asked, version: 1, environment: 'production' },
      { ...context, openVerified },
    );
    expect(promotion).toMatchObject({ unchanged: true, report: undefined, move: { to: 1 } });
  });

  it('can replace a live version that is gone, by accepting that nothing was compared', async () => {
    await force(1, 'dev', 'staging', 'production');
    await force(2, 'dev', 'staging');
    await rm(path.join(folder, 'registry/leads/1'), { recursive: true });
    await expect(go(2, 'production')).rejects.toMatchObject({
      message: expect.stringContaining('max_score_shift, max_label_change') as string,
    });
    await go(2, 'production', {
      accept: ['max_score_shift', 'max_label_change'],
      reason: 'leads@1 was lost',
    });
    expect(await live('production')).toBe(2);
  });

  it('moves nothing where somebody moved what it was decided on', async () => {
    await force(1, 'dev', 'staging', 'production');
    await force(2, 'dev', 'staging');
    const meanwhile = (work: () => Promise<void>): GateContext => ({
      ...context,
      openVerified: async (artefact) => {
        await work();
        return context.openVerified(artefact);
      },
    });
    const request = { ...asked, version: 2, environment: 'production' };
    await expect(
      promote(
        request,
        meanwhile(() => force(3, 'production')),
      ),
    ).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'alias.moved',
    });
    expect(await live('production')).toBe(3);
    await force(1, 'production');
    await expect(
      promote(
        request,
        meanwhile(() => force(1, 'staging')),
      ),
    ).rejects.toMatchObject({
      code: 'promote.not_live_before',
    });
    expect(await live('production')).toBe(1);
  });

  it('stops without a move when it is interrupted', async () => {
    await force(1, 'dev', 'staging');
    const interruption = new AbortController();
    const reason = new PredawnError('interrupted', 'interrupted', 'SIGTERM');
    await expect(
      promote(
        { ...asked, version: 1, environment: 'production' },
        { ...context, signal: interruption.signal, onEvent: () => interruption.abort(reason) },
      ),
    ).rejects.toBe(reason);
    expect(await live('production')).toBeUndefined();
  });
});

describe('a gate alone', () => {
  it('gives its report, passed or not, wherever the version is live, and moves nothing', async () => {
    await force(1, 'production');
    const request = { ...asked, environment: 'production' };
    expect(await tryGate({ ...request, version: 2 }, context)).toMatchObject({ passed: true });
    const failed = await tryGate({ ...request, version: 3, date: '2026-11-19' }, context);
    expect(failed).toMatchObject({ passed: false, incumbent: { version: 1 } });
    expect(failed.dates.map(({ date, absent }) => [date, absent === null])).toEqual([
      ['2026-11-18', false],
      ['2026-11-19', true],
    ]);
    expect(await registry.history('leads')).toHaveLength(1);
  });

  it('is asked of an environment that has one', async () => {
    await expect(tryGate({ ...asked, version: 1, environment: 'staging' }, context)).rejects.toMatchObject({
      kind: 'configuration',
      code: 'gate.none',
    });
  });
});
