import { v7 as uuidv7 } from 'uuid';
import type { Block } from '../../src/domain/columns.js';
import { loadJob } from '../../src/config/jobs.js';
import { loadSettings } from '../../src/config/settings.js';
import { bind } from '../../src/domain/binding.js';
import { describeAttempt, describeTarget, type RunFacts } from '../../src/run/attempt.js';
import { fixDate } from '../../src/run/fix-date.js';
import { pinArtefact } from '../../src/run/pin-artefact.js';
import { wireServices } from '../../src/wiring.js';
import { customersTable } from '../database.js';
import type { ModelName, Route } from '../options.js';
import { type BenchProject, type Databases, environmentVariables } from '../project.js';
import { secondsOf } from '../statistics.js';
import { secondsToCopyIn, secondsToCopyOut } from './copy.js';
import { secondsInThreads, type StageInput } from './threads.js';
import { bundledWorker } from './worker-entry.js';

/** Seconds of each stage alone, by its name; `all threads' work` is no limit by itself, but what they share. */
export type Limits = Readonly<Record<string, number>>;

export const SHARED_WORK = 'decode + score + encode';

/**
 * The stages of a run, each alone with the same number of threads: what no pipeline of them can be faster than.
 * Process start, opening sessions and compiling WebAssembly are not counted, which makes the limits strict.
 */
export async function measureLimits(
  project: BenchProject,
  model: ModelName,
  route: Route,
  databases: Databases,
): Promise<Limits> {
  return withStage(project, model, route, databases, async (input) => {
    const { facts, stage } = input;
    const signal = facts.context.signal;
    const fromFile = route !== 'postgres-postgres';
    const toFile = route === 'csv-files';
    const limits: Record<string, number> = {};
    // A source is read once: of a file, that is the read that counts; of a query, COPY out alone is.
    limits['decode'] = await secondsInThreads(
      ['decode'],
      input,
      fromFile ? facts.source.blocks(signal) : undefined,
    );
    limits['score'] = await secondsInThreads(['score'], input, undefined);
    limits[SHARED_WORK] = await secondsInThreads(['decode', 'score', 'encode'], input, undefined);
    if (!fromFile) {
      const query = `select * from ${customersTable(project.rows)}`;
      limits['COPY out'] = await secondsToCopyOut(databases.source!, query);
    }
    if (toFile) {
      const writing = await secondsInThreads(['encode'], input, undefined, ({ block }) =>
        stage.append({ payload: block.payload, rows: block.rows, keyHashes: block.keyHashes }),
      );
      limits['encode + write'] = writing + (await secondsOf(() => stage.finish()));
    } else {
      limits['COPY in + key'] = await secondsToCopyIn(databases.destination!, `predictions_${model}`);
    }
    return limits;
  });
}

/** Name and seconds of the slowest stage. */
export function slowest(limits: Limits): readonly [string, number] {
  const stages = Object.entries(limits).filter(([name]) => name !== SHARED_WORK);
  return stages.reduce((most, stage) => (stage[1] > most[1] ? stage : most));
}

/** Opens an attempt as a run does; it ends unpublished. */
async function withStage(
  project: BenchProject,
  model: ModelName,
  route: Route,
  databases: Databases,
  work: (input: StageInput) => Promise<Limits>,
): Promise<Limits> {
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
  const context = { services, signal, now, newAttemptId: () => uuidv7(), onEvent: () => undefined };
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
  try {
    const attempt = describeAttempt(request, context, date, artefact, target);
    const facts: RunFacts = { request, context, date, artefact, source, binding, publication, attempt };
    return await publication.withAttempt(attempt, signal, (stage) =>
      work({ facts, stage, sample, workerEntry, rows }),
    );
  } finally {
    await publication.close();
    await source.close();
  }
}

async function firstBlock(blocks: AsyncIterable<Block>): Promise<Block> {
  for await (const block of blocks) return block;
  throw new Error('The input has no block');
}
