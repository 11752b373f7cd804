import path from 'node:path';
import type { DescribedColumn } from '../domain/run-events.js';
import { assertionsOf, facet } from './lineage-facets.js';
import { type Ended, isPublished, type Told } from './told.js';

export interface Dataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets: object;
}

/** Where the project is, for the absolute paths that name files. */
export interface Places {
  /** What a path in a message starts from. */
  readonly cwd: string;
  readonly version: string;
}

/**
 * The input, under a name that is the same every day: `file` and the path with `{date}`, or the database and the job,
 * whose query is in the job's `sql` facet.
 */
export function inputDataset(told: Told, { cwd, version }: Places, ended?: Ended): Dataset | undefined {
  const { description, run, asOf } = told;
  if (description === undefined) return undefined;
  const { location, read, columns } = description.input;
  const receipt = ended?.receipt;
  const assertions = ended && assertionsOf(ended)?.input;
  return {
    ...('query' in read
      ? databaseName(location, `${run.job}_input`)
      : { namespace: 'file', name: datedPath(path.resolve(cwd, location), read.csv, asOf) }),
    facets: {
      schema: schemaFacet(columns, version),
      ...(receipt?.input.fingerprint !== undefined && {
        version: facet('DatasetVersionDatasetFacet', version, { datasetVersion: receipt.input.fingerprint }),
      }),
    },
    ...(ended !== undefined && {
      inputFacets: {
        ...(receipt !== undefined && {
          inputStatistics: facet('InputStatisticsInputDatasetFacet', version, {
            rowCount: receipt.rows.read,
            size: receipt.input.bytes,
          }),
          dataQualityMetrics: facet('DataQualityMetricsInputDatasetFacet', version, {
            rowCount: receipt.rows.read,
            bytes: receipt.input.bytes,
            columnMetrics: {},
          }),
        }),
        ...(assertions && {
          dataQualityAssertions: facet('DataQualityAssertionsDatasetFacet', version, { assertions }),
        }),
      },
    }),
  };
}

/** The table of predictions, and what this run wrote into it. */
export function outputDataset(told: Told, { cwd, version }: Places, ended?: Ended): Dataset | undefined {
  const { description } = told;
  if (description === undefined) return undefined;
  const { location, table, columns } = description.output;
  const receipt = ended?.receipt;
  const assertions = ended && assertionsOf(ended)?.output;
  const isDatabase = location.startsWith('postgres://');
  return {
    ...(isDatabase
      ? databaseName(location, table.includes('.') ? table : `public.${table}`)
      : { namespace: 'file', name: path.resolve(cwd, location, table) }),
    facets: {
      schema: schemaFacet(columns, version),
      ...(ended !== undefined &&
        isPublished(ended) && {
          version: facet('DatasetVersionDatasetFacet', version, {
            datasetVersion: receipt!.published_attempt_id ?? receipt!.attempt_id,
          }),
        }),
      ...(assertions && {
        dataQualityAssertions: facet('DataQualityAssertionsDatasetFacet', version, { assertions }),
      }),
    },
    ...(receipt?.outcome === 'published' && {
      outputFacets: {
        outputStatistics: facet('OutputStatisticsOutputDatasetFacet', version, {
          rowCount: receipt.output.rows,
        }),
      },
    }),
  };
}

/** As OpenLineage names what is in PostgreSQL: `postgres://host:port` and `database.schema.table`. */
function databaseName(location: string, name: string): { namespace: string; name: string } {
  const [, server, database] = /^(postgres:\/\/[^/]*)\/?(.*)$/.exec(location) ?? [];
  return { namespace: server ?? location, name: [database, name].filter(Boolean).join('.') };
}

/** A path of one day, with `{date}` where the job file has it. */
function datedPath(file: string, pattern: string, asOf: string | undefined): string {
  const end = asOf === undefined ? pattern : pattern.replaceAll('{date}', asOf);
  const tail = path.normalize(end);
  if (!pattern.includes('{date}') || !file.endsWith(tail)) return file;
  return `${file.slice(0, file.length - tail.length)}${path.normalize(pattern)}`;
}

function schemaFacet(columns: readonly DescribedColumn[], version: string): object {
  return facet('SchemaDatasetFacet', version, {
    fields: columns.map(({ name, type }, index) => ({ name, type, ordinal_position: index + 1 })),
  });
}
