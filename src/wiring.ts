import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import path from 'node:path';
import { codecs } from './block-wiring.js';
import { PredawnError } from './domain/errors.js';
import type { Job, Project, Settings } from './domain/job.js';
import type { Ledger, LedgerEntry } from './domain/ledger.js';
import type { Publication } from './domain/publication.js';
import type { Registry } from './domain/registry.js';
import type { InputReadiness, Source } from './domain/source.js';
import type { Services, SourceRequest } from './run/services.js';
import { using } from './run/using.js';

/**
 * Builds the ports: the only file, with `block-wiring.ts`, that imports adapters. Each is imported when it is
 * opened, so that a run on files loads no database driver. A new source, destination or registry is one line here.
 *
 * @param cwd for paths in messages, which are given relative to it
 * @param now the time that moves of aliases are recorded with
 */
export async function wireServices({ cwd, now }: { cwd: string; now: () => Date }): Promise<Services> {
  const versions = await readVersions();
  const places = { cwd, version: versions.predawn };
  return {
    codecs,
    workerEntry: new URL('./worker.js', import.meta.url),
    versions,

    openRegistry: (project) => openRegistry(project, now),

    openSource: (request) => openSource(request, cwd),

    inputReadiness: (request, at) => inputReadiness(request, cwd, at),

    async openPublication({ environment: { destination } }) {
      if (isDatabase(destination)) {
        return (await import('./postgres/publication.js')).openPostgresPublication({ url: destination });
      }
      return (await import('./files/publication.js')).openFilesPublication({ root: destination, cwd, now });
    },

    openScratchPublication: () => openScratchPublication(cwd, now),

    openLedger,

    async openListener({ notify, run, settings }) {
      const { listen, openChannels } = await import('./notify/notify.js');
      const lastAttempts = async () => (settings === undefined ? [] : await attemptsOf(run.job, settings));
      return listen(openChannels(notify, places), { run, now, lastAttempts });
    },

    async receivers(notify) {
      const { openChannels, receiversOf } = await import('./notify/notify.js');
      return receiversOf(openChannels(notify, places));
    },

    sampleInput: async (request) => (await import('./sample-input.js')).sampleInput(request),
    packArtefact: async (artefact) => (await import('./registry/package.js')).packArtefact(artefact),
    unpackArtefact: async (bytes, where) =>
      (await import('./registry/package.js')).unpackArtefact(bytes, where),
    readTable: async (file, shown) => (await import('./csv/table.js')).readCsvTable(file, shown),
    tableAsCsv: async (table) => (await import('./csv/table.js')).tableAsCsv(table),
    prepareCandidate: async (bytes, facts) =>
      (await import('./onnx/inspect.js')).prepareCandidate(bytes, facts),
    migrationSql: async () => (await import('./postgres/migrations.js')).migrationSql(),
  };
}

function isDatabase(location: string | undefined): location is string {
  return location !== undefined && /^postgres(ql)?:\/\//.test(location);
}

async function openLedger({ environment: { destination } }: Settings): Promise<Ledger> {
  if (isDatabase(destination)) return (await import('./postgres/ledger.js')).openPostgresLedger(destination);
  return (await import('./files/ledger.js')).openFilesLedger(destination);
}

/** Enough to find the last one beside those of this run, of which a canary that fails makes two. */
const LAST_ATTEMPTS = 5;

function attemptsOf(job: string, settings: Settings): Promise<readonly LedgerEntry[]> {
  return using(openLedger(settings), (ledger) => ledger.entries({ job, limit: LAST_ATTEMPTS }));
}

async function openRegistry({ registry, cache }: Project, now: () => Date): Promise<Registry> {
  if (!isDatabase(registry))
    return (await import('./registry/folder.js')).openFolderRegistry(registry, { now });
  const { openPostgresRegistry } = await import('./postgres/registry.js');
  const { openDigestCache } = await import('./registry/digest-cache.js');
  return openPostgresRegistry({
    url: registry,
    now,
    cache: cache === undefined ? undefined : openDigestCache(cache),
  });
}

/** The query where the environment's source is a database, the CSV file elsewhere. */
async function openSource(
  { settings, job, asOf, window, signal }: SourceRequest,
  cwd: string,
): Promise<Source> {
  const { source } = settings.environment;
  const { csv, query } = job.input;
  const { blockBytes } = settings;
  if (query !== undefined && isDatabase(source)) {
    const { openPostgresSource } = await import('./postgres/source.js');
    return openPostgresSource({
      url: source,
      query,
      window: { date: asOf, ...window },
      blockBytes,
      job: job.name,
      asOf,
      signal,
    });
  }
  if (csv === undefined) throw noDatabase(settings, job);
  const file = datedFile(settings, csv.path, asOf);
  const { openCsvSource } = await import('./csv/source.js');
  return openCsvSource({
    path: file,
    displayPath: displayPath(file, cwd),
    input: csv,
    blockBytes,
    job: job.name,
    asOf,
  });
}

/** Of the query where the environment's source is a database, of the CSV file elsewhere. */
async function inputReadiness(
  { settings, job, asOf, window, signal }: SourceRequest,
  cwd: string,
  now: Date,
): Promise<InputReadiness> {
  const { source } = settings.environment;
  const { csv, query, ready } = job.input;
  if (ready === undefined) return { problem: undefined, expectedRows: undefined };
  if (query !== undefined && isDatabase(source)) {
    if (ready.sql === undefined) return { problem: undefined, expectedRows: undefined };
    const { queryReadiness } = await import('./postgres/readiness.js');
    const at = { date: asOf, ...window };
    return queryReadiness({ url: source, sql: ready.sql, window: at, job: job.name, signal });
  }
  if (csv === undefined) throw noDatabase(settings, job);
  const { csvReadiness } = await import('./csv/readiness.js');
  const file = (given: string | undefined) =>
    given === undefined ? undefined : datedFile(settings, given, asOf);
  const files = {
    csv: datedFile(settings, csv.path, asOf),
    marker: file(ready.marker),
    rows: file(ready.rows),
  };
  return csvReadiness({ ...files, shown: (each) => displayPath(each, cwd) }, ready, now);
}

/** Relative paths start from the environment's source folder, or from the project's. */
function datedFile({ root, environment: { source } }: Settings, given: string, asOf: string): string {
  const folder = source === undefined || isDatabase(source) ? root : source;
  return path.resolve(folder, given.replaceAll('{date}', asOf));
}

function noDatabase({ environment, path: file }: Settings, job: Job): PredawnError {
  return new PredawnError(
    'configuration',
    'source.none',
    `${job.name} reads a query, but environment ${environment.name} has no database as source.`,
    {
      hint: `Set environments.${environment.name}.source in ${file} to a postgres:// URL, or give the job a csv input.`,
    },
  );
}

/** Relative where that is shorter: what a person would type. */
function displayPath(file: string, cwd: string): string {
  const relative = path.relative(cwd, file);
  return relative.startsWith('..') ? file : relative;
}

/** Stages into a temporary folder that goes when the publication is closed. */
async function openScratchPublication(cwd: string, now: () => Date): Promise<Publication> {
  const { makeScratchFolder, removeScratchFolder } = await import('./files/scratch.js');
  const { openFilesPublication } = await import('./files/publication.js');
  const root = await makeScratchFolder();
  const scratch = await openFilesPublication({ root, cwd, now });
  return {
    location: scratch.location,
    check: (target) => scratch.check(target),
    withAttempt: (attempt, signal, work) => scratch.withAttempt(attempt, signal, work),
    withComparison: (attempt, signal, work) => scratch.withComparison(attempt, signal, work),
    moveSlice: (request, signal) => scratch.moveSlice(request, signal),
    shards: scratch.shards,
    howToLook: (target, asOf) => scratch.howToLook(target, asOf),
    close: async () => {
      await scratch.close();
      await removeScratchFolder(root);
    },
  };
}

async function readVersions(): Promise<Services['versions']> {
  const require = createRequire(import.meta.url);
  const version = async (file: string) =>
    (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version;
  return {
    predawn: await version(require.resolve('../package.json')),
    node: process.versions.node,
    onnxruntime: await version(require.resolve('onnxruntime-node/package.json')),
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
  };
}
