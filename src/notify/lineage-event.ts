import type { TestCall } from '../domain/run-listener.js';
import { facet, type Facets, producerOf, tagsOf } from './lineage-facets.js';
import { inputDataset, outputDataset, type Places } from './lineage-datasets.js';
import type { Ended, Told } from './told.js';

const SCHEMA_URL = 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent';

export interface LineagePlaces extends Places {
  readonly namespace: string;
}

/** The run has begun; what it reads and writes, as far as that is known. */
export function startEvent(told: Told, places: LineagePlaces): object {
  return runEvent('START', told.run.startedAt, told, places);
}

/** How it ended. What is published without its canary is complete; what a signal ended is aborted. */
export function endEvent(ended: Ended, places: LineagePlaces): object {
  const { receipt, error, finishedAt } = ended;
  const type = receipt !== undefined ? 'COMPLETE' : error?.kind === 'interrupted' ? 'ABORT' : 'FAIL';
  return runEvent(type, finishedAt, ended, places, ended);
}

/** A run of a job of its own that says that it is a test. */
export function testEvents({ id, now }: TestCall, { namespace, version }: LineagePlaces): object[] {
  return ['START', 'COMPLETE'].map((eventType) => ({
    eventType,
    eventTime: now.toISOString(),
    run: { runId: id, facets: {} },
    job: { namespace, name: 'predawn_notify_test', facets: { jobType: jobType(version) } },
    inputs: [],
    outputs: [],
    producer: producerOf(version),
    schemaURL: SCHEMA_URL,
  }));
}

function runEvent(eventType: string, time: Date, told: Told, places: LineagePlaces, ended?: Ended): object {
  const { run, description } = told;
  const { namespace, version } = places;
  const read = description?.input.read;
  const datasets = (dataset: object | undefined) => (dataset === undefined ? [] : [dataset]);
  return {
    eventType,
    eventTime: time.toISOString(),
    run: { runId: run.id, facets: runFacets(told, version, ended) },
    job: {
      namespace,
      name: run.job,
      facets: {
        jobType: jobType(version),
        ...(read !== undefined &&
          'query' in read && {
            sql: facet('SQLJobFacet', version, { query: read.query, dialect: 'postgresql' }),
          }),
      },
    },
    inputs: datasets(inputDataset(told, places, ended)),
    outputs: datasets(outputDataset(told, places, ended)),
    producer: producerOf(version),
    schemaURL: SCHEMA_URL,
  };
}

function runFacets({ window }: Told, version: string, ended: Ended | undefined): Facets {
  return {
    ...(window && {
      nominalTime: facet('NominalTimeRunFacet', version, {
        nominalStartTime: window.from,
        nominalEndTime: window.to,
      }),
    }),
    processing_engine: facet('ProcessingEngineRunFacet', version, { name: 'predawn', version }),
    ...(ended && { tags: facet('TagsRunFacet', version, { tags: tagsOf(ended) }) }),
    ...(ended?.receipt === undefined &&
      ended?.error !== undefined && {
        errorMessage: facet('ErrorMessageRunFacet', version, {
          message: ended.error.message,
          programmingLanguage: 'TypeScript',
        }),
      }),
  };
}

function jobType(version: string): object {
  return facet('JobTypeJobFacet', version, {
    processingType: 'BATCH',
    integration: 'PREDAWN',
    jobType: 'JOB',
  });
}
