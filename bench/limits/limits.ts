import { v7 as uuidv7 } from 'uuid';
import type { Block } from '../../src/domain/columns.js';
import { loadJob } from '../../src/config/jobs.js';
import { loadSettings } from '../../src/config/settings.js';
import { bind } from '../../src/domain/binding.js';
import { describeAttempt, describeTarget, type RunFacts } from '../../src/run/attempt.js';
import { openVerifiedModel } from '../../src/run/verified-model.js';
import { fixDate } from '../../src/run/fix-date.js';
import { pinArtefact } from '../../src/run/pin-artefact.js';
import { wireServices } from '../../src/wiring.js';
import { customersTable } from '../database.js';
import type { ModelName, Route } from '../options.js';
import { type BenchProject, type Databases, environmentVariables } from '../project.js';
import { addCosts, type Cost, costOf, type CpuClock, medianCost, NO_SERVER } from '../statistics.js';
import { costOfCopyIn, costOfCopyOut } from './copy.js';
import { costInThreads, type StageInput } from './threads.js';
import { bundledWorker } from './worker-entry.js';

/** What each stage alone takes, by its name; `SHARED_WORK` is no stage, but what the threads do in all. */
export type Limits = Readonly<Record<string, Cost>>;

export const SHARED_WORK = 'decode + score + encode';

/**
 * The stages of a run, each alone with the same number of threads: what no pipeline of them can be faster than.
 * Process start, opening sessions and compiling WebAssembly are not counted, which makes the limits strict. Medians
 * of `rounds`.
 *
 * @param server where the databases are
 */
export async function measureLimits(
  project: BenchProject,
  model: ModelName,
  route: Route,
  databases: Databases,
  server: CpuClock,
  rounds: number,
): Promise<Limits> {
  const measured: Limits[] = [];
  for (let round = 0; round < rounds; round++) {
    measured.push(
      await withStage(project, model, route, databases, (input) =>
        measureOnce(input, project, model, route, databases, server),
      ),
    );
  }
  const names = Object.keys(measured[0]!);
  return Object.fromEntries(names.map((name) => [name, medianCost(measured.map((limits) => limits[name]!))]));
}

async function measureOnce(
  input: StageInput,
  project: BenchProject,
  model: ModelName,
  route: Route,
  databases: Databases,
  server: CpuClock,
): Promise<Limits> {
  const { facts, stage } = input;
  const fromFile = route !== 'postgres-postgres';
  const limits: Record<string, Cost> = {};
  // A source is read once: of a file, that is the read that counts; of a query, COPY out alone is.
  const blocks = fromFile ? facts.source.blocks(facts.context.signal) : undefined;
  limits['decode'] = await costInThreads(['decode'], input, blocks);
  limits['score'] = await costInThreads(['score'], input, undefined);
  limits[SHARED_WORK] = await costInThreads(['decode', 'score', 'encode'], input, undefined);
  if (!fromFile) {
    const query = `select * from ${customersTable(project.rows)}`;
    limits['COPY out'] = await costOfCopyOut(databases.source!, query, server);
  }
  if (route === 'csv-files') {
    const writing = await costInThreads(['encode'], input, undefined, ({ block }) =>
      stage.append({ payload: block.payload, rows: block.rows, keyHashes: block.keyHashes }),
    );
    limits['encode + write'] = addCosts(writing, await costOf(() => stage.finish(), NO_SERVER));
  } else {
    limits['encode'] = await costInThreads(['encode'], input, undefined);
    limits['COPY in + key'] = await costOfCopyIn(databases.destination!, `predictions_${model}`, server);
  }
  return limits;
}

/** Seconds that scoring alone takes, of all rows, on the project's number of threads. */
export function secondsToScore(project: BenchProject, model: ModelName): Promise<number> {
  const files = { source: undefined, destination: undefined };
  return withStage(
    project,
    model,
    'csv-files',
    files,
    async (input) => (await costInThreads(['score'], input, undefined)).wall,
  );
}

/** Name and seconds of the slowest stage. */
export function slowest(limits: Limits): readonly [string, number] {
  const stages = stagesOf(limits).map(([name, { wall }]) => [name, wall] as const);
  return stages.reduce((most, stage) => (stage[1] > most[1] ? stage : most));
}

/** CPU seconds of all stages, the server's share included; undefined where that can't be known. */
export function totalCpu(limits: Limits): number | undefined {
  return stagesOf(limits)
    .map(([, cost]) => cost)
    .reduce(addCosts).cpu;
}

function stagesOf(limits: Limits): readonly (readonly [string, Cost])[] {
  return Object.entries(limits).filter(([name]) => name !== SHARED_WORK);
}

/** Opens an attempt as a run does; it ends unpublished. */
async function withStage<Result>(
  project: BenchProject,
  model: ModelName,
  route: Route,
  databases: Databases,
  work: (input: StageInput) => Promise<Result>,
): Promise<Result> {
  const { folder, rows, workers } = project;
  const signal = new AbortController().signal;
  const now = () => new Date();
  const services = await wireServices({ cwd: folder, now });
  const settings = await loadSettings({
    path: `${folder}/predawn.yaml`,
    environment: route,
    variables: environmentVariables(databases),
    cores: workers,
  });
  const job = await loadJob(settings, model);
  const request = {
    settings,
    job,
    date: await project.nextDate(),
    dryRun: false,
    force: false,
    limit: undefined,
  };
  const context = {
    services,
    signal,
    user: 'bench',
    now,
    newAttemptId: () => uuidv7(),
    onEvent: () => undefined,
  };
  const date = fixDate(job, request, now());
  const artefact = await pinArtefact(await services.openRegistry(settings), job, route);
  const open = () => services.openSource({ settings, job, ...date, signal });

  const workerEntry = await bundledWorker();
  const first = await open();
  const sample = await firstBlock(first.blocks(signal));
  await first.close();
  const source = await open();
  const labels = { modelLabel: model, sourceLabel: source.location };
  const binding = bind(job, artefact.manifest.signature, source.description, labels);
  const target = describeTarget(job, artefact, binding);
  const publication = await services.openPublication(settings);
  const verified = await openVerifiedModel(artefact, services);
  try {
    const attempt = describeAttempt(request, context, date, artefact, target);
    const facts: RunFacts = {
      ...{ request, context, date, artefact, model: verified, source, binding, publication, attempt },
      threads: [],
    };
    return await publication.withAttempt(attempt, signal, (stage) =>
      work({ facts, stage, sample, workerEntry, rows }),
    );
  } finally {
    await verified.close();
    await publication.close();
    await source.close();
  }
}

async function firstBlock(blocks: AsyncIterable<Block>): Promise<Block> {
  for await (const block of blocks) return block;
  throw new Error('The input has no block');
}
