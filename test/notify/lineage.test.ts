import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { REPOSITORY } from '../helpers/cli.js';
import { createDatabase } from '../helpers/postgres.js';
import { SAMPLE_DATE } from '../helpers/project.js';
import { breakInput, inputOf, type NotifiedProject, notifiedProject } from './notified-project.js';
import { problemsOfEvent } from './openlineage-schemas.js';
import { type Receiver, startReceiver } from './receiver.js';

interface Event {
  readonly eventType: string;
  readonly eventTime: string;
  readonly run: { readonly runId: string; readonly facets: Record<string, Record<string, unknown>> };
  readonly job: {
    readonly namespace: string;
    readonly name: string;
    readonly facets: Record<string, unknown>;
  };
  readonly inputs: readonly Dataset[];
  readonly outputs: readonly Dataset[];
}

interface Dataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets: Record<string, Record<string, unknown>>;
  readonly inputFacets?: Record<string, Record<string, unknown>>;
  readonly outputFacets?: Record<string, Record<string, unknown>>;
}

let receiver: Receiver;
let project: NotifiedProject;
beforeEach(async () => {
  receiver = await startReceiver();
  project = await notifiedProject({
    openlineage: { url: receiver.url, api_key: '${KEY}', file: './lineage.ndjson' },
  });
});
afterEach(async () => {
  await receiver.close();
  await project.drop();
});

const score = (...args: string[]) => project.score({ env: { KEY: 'the-key' }, args });
const sent = () => receiver.to('/api/v1/lineage').map(({ body }) => JSON.parse(body) as Event);

describe('OpenLineage', () => {
  it('hears of a run: what it reads and writes, then what became of it', async () => {
    expect((await score()).code).toBe(0);
    const [start, complete] = sent() as [Event, Event];
    expect(sent().map(({ eventType }) => eventType)).toEqual(['START', 'COMPLETE']);
    expect(sent().flatMap(problemsOfEvent)).toEqual([]);
    expect(receiver.received[0]!.headers).toMatchObject({ authorization: 'Bearer the-key' });

    expect(start.run.runId).toBe(complete.run.runId);
    expect(start.job).toMatchObject({ namespace: 'predawn-dev', name: 'churn' });
    expect(start.run.facets['nominalTime']).toMatchObject({
      nominalStartTime: `${SAMPLE_DATE}T00:00:00.000Z`,
    });
    const [input] = start.inputs;
    expect(input).toMatchObject({
      namespace: 'file',
      name: path.join(project.folder, 'data-samples/churn/{date}.csv'),
    });
    expect(input!.facets['schema']!['fields']).toContainEqual({
      ...{ name: 'tenure_months', type: 'text' },
      ordinal_position: expect.any(Number) as number,
    });
    expect(start.outputs[0]).toMatchObject({
      namespace: 'file',
      name: path.join(project.folder, 'predictions/churn_predictions'),
    });
    expect(start.outputs[0]!.facets['schema']!['fields']).toContainEqual({
      ...{ name: 'churn_probability', type: 'float4' },
      ordinal_position: 3,
    });

    const { inputFacets, facets } = complete.inputs[0]!;
    expect(facets['version']).toMatchObject({
      datasetVersion: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
    });
    expect(inputFacets).toMatchObject({
      inputStatistics: { rowCount: 500 },
      dataQualityMetrics: { rowCount: 500 },
    });
    expect(inputFacets!['dataQualityAssertions']!['assertions']).toContainEqual({
      ...{ assertion: 'rejects', success: true, severity: 'error' },
    });
    expect(complete.outputs[0]).toMatchObject({
      facets: {
        version: { datasetVersion: complete.run.runId },
        dataQualityAssertions: {
          assertions: [
            { assertion: 'not_finite', success: true },
            { assertion: 'not_a_probability', success: true },
          ],
        },
      },
      outputFacets: { outputStatistics: { rowCount: 500 } },
    });
  });

  it('has the same in a file, an event on each line', async () => {
    await score();
    await score();
    const lines = (await project.read('lineage.ndjson')).split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line) => JSON.parse(line) as Event)).toEqual(sent());
    expect(sent().map(({ eventType }) => eventType)).toEqual(['START', 'COMPLETE', 'START', 'COMPLETE']);
    expect(sent().flatMap(problemsOfEvent)).toEqual([]);
    // The second run found its work done: the table is as the first one left it.
    const versions = [sent()[1]!, sent()[3]!].map(({ outputs }) => outputs[0]!.facets['version']);
    expect(versions[1]).toEqual(versions[0]);
    expect(sent()[3]!.outputs[0]!.outputFacets).toBeUndefined();
  });

  it('hears what came of the gates that the job file asks for', async () => {
    await project.edit(
      'jobs/churn.yaml',
      'output:\n',
      'gates:\n  score_shift: { psi: 9 }\n  missing: { action: warn, at_most: 0% }\noutput:\n',
    );
    expect((await score()).code).toBe(0);
    const complete = sent()[1]!;
    expect(problemsOfEvent(complete)).toEqual([]);
    const { inputFacets } = complete.inputs[0]!;
    expect(inputFacets!['dataQualityAssertions']!['assertions']).toContainEqual({
      ...{ assertion: 'missing', success: false, severity: 'warn' },
      description: expect.stringContaining('satisfaction') as string,
    });
    expect(complete.outputs[0]!.facets['dataQualityAssertions']!['assertions']).toContainEqual({
      ...{ assertion: 'score_shift', success: true, severity: 'error' },
      description: expect.stringContaining('churn_probability') as string,
    });
  });

  it('hears which gate failed', async () => {
    await breakInput(project);
    expect((await score()).code).toBe(65);
    const fail = sent()[1]!;
    expect(fail.eventType).toBe('FAIL');
    expect(sent().flatMap(problemsOfEvent)).toEqual([]);
    expect(fail.run.facets['errorMessage']).toMatchObject({
      message: expect.stringContaining('1 row of 500 rejected') as string,
    });
    expect(fail.run.facets['tags']!['tags']).toContainEqual({
      key: 'exit_code',
      value: '65',
      source: 'PREDAWN',
    });
    const { assertions } = fail.inputs[0]!.inputFacets!['dataQualityAssertions'] as {
      assertions: { assertion: string; success: boolean }[];
    };
    expect(assertions.filter(({ success }) => !success)).toMatchObject([{ assertion: 'rejects' }]);
    expect(assertions).toContainEqual({ assertion: 'duplicate_keys', success: true, severity: 'error' });
    expect(fail.outputs[0]!.outputFacets).toBeUndefined();
    expect(fail.outputs[0]!.facets).not.toHaveProperty('version');
  });

  it('hears of a start and a failure where there was no input', async () => {
    await rm(path.join(project.folder, inputOf()));
    expect((await score()).code).toBe(66);
    expect(sent()).toMatchObject([
      { eventType: 'START', inputs: [], outputs: [] },
      { eventType: 'FAIL', inputs: [], outputs: [] },
    ]);
    expect(sent().flatMap(problemsOfEvent)).toEqual([]);
  });

  it('names a query by its database, and a table by its schema', async () => {
    const database = await createDatabase();
    try {
      await database.client.query(
        readFileSync(path.join(REPOSITORY, 'data-samples/churn/customers.sql'), 'utf8'),
      );
      await project.edit('predawn.yaml', './predictions', '${DATABASE}\n    source: ${DATABASE}');
      const { code } = await project.score({ env: { KEY: 'k', DATABASE: database.url } });
      expect(code).toBe(0);
      expect(sent().map(({ eventType }) => eventType)).toEqual(['START', 'COMPLETE']);
      expect(sent().flatMap(problemsOfEvent)).toEqual([]);
      const { host, pathname } = new URL(database.url);
      const namespace = `postgres://${host}`;
      const [complete] = sent().slice(-1) as [Event];
      expect(complete.job.facets['sql']).toMatchObject({
        query: 'select * from customers where as_of = :date',
      });
      expect(complete.inputs[0]).toMatchObject({ namespace, name: `${pathname.slice(1)}.churn_input` });
      expect(complete.outputs[0]).toMatchObject({
        ...{ namespace, name: `${pathname.slice(1)}.public.churn_predictions` },
        outputFacets: { outputStatistics: { rowCount: 500 } },
      });
      expect(receiver.received.map(({ body }) => body).join()).not.toContain(
        new URL(database.url).password || '@',
      );
    } finally {
      await database.drop();
    }
  });
});
