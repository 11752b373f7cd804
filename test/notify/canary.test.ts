import { afterEach, beforeEach, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { runInProcess } from '../helpers/in-process.js';
import { buildLogistic } from '../helpers/linear-models.js';
import { sampleProject, type TestProject } from '../helpers/project.js';
import { problemsOfEvent } from './openlineage-schemas.js';
import { type Receiver, startReceiver } from './receiver.js';

/** A canary that fails makes a second attempt: for everyone who is told, it is still one run, and it published. */
const DATE = '2026-11-20';
const JOB = `model: tiny
timezone: UTC
input: { csv: "input/{date}.csv" }
key: id
output: { columns: { score: "probabilities[yes]", answer: label } }
`;

let receiver: Receiver;
let project: TestProject;
const predawn = (...args: string[]) => runInProcess(args, { cwd: project.folder });

beforeEach(async () => {
  receiver = await startReceiver();
  project = await sampleProject();
  const dev = {
    destination: './predictions',
    canary: { max_label_change: '10%', min_rows: 5 },
    notify: {
      healthchecks: { url: `${receiver.url}/ping` },
      webhooks: [{ url: `${receiver.url}/hook`, on: ['failure', 'recovery', 'warning', 'success'] }],
      openlineage: { url: receiver.url },
      opentelemetry: { endpoint: receiver.url },
    },
  };
  await project.write('predawn.yaml', stringify({ environments: { dev } }));
  await project.write('jobs/tiny.yaml', JOB);
  const rows = Array.from({ length: 200 }, (_, row) => `k${row},${Math.sin(row * 7)},${Math.cos(row * 3)}`);
  await project.write(`input/${DATE}.csv`, `id,a,b\n${rows.join('\n')}\n`);
  for (const [index, model] of [
    buildLogistic({ a: 2, b: -1 }, 0.1),
    buildLogistic({ a: -2, b: 1 }, -0.1),
  ].entries()) {
    await project.write(`${index}.onnx`, model);
    expect((await predawn('model', 'add', 'tiny', `${index}.onnx`)).code).toBe(0);
  }
  expect((await predawn('model', 'promote', 'tiny', '1', '--to', 'dev')).code).toBe(0);
  expect((await predawn('model', 'canary', 'tiny', '2', '--share', '30%')).code).toBe(0);
});
afterEach(async () => {
  await receiver.close();
  await project.drop();
});

it('is told as one run that published, with a warning and exit code 77', async () => {
  const { code, stderr } = await predawn('run', 'tiny', '--date', DATE, '--json');
  expect({ code, stderr }).toMatchObject({ code: 77 });

  const pings = receiver.to('/ping').map(({ url }) => new URL(url, receiver.url));
  expect(pings.map(({ pathname }) => pathname)).toEqual(['/ping/start', '/ping/77']);
  const [id, same] = pings.map(({ searchParams }) => searchParams.get('rid'));
  expect(same).toBe(id);

  const [news, ...others] = receiver
    .to('/hook')
    .map(({ body }) => JSON.parse(body) as { attempt_id: string });
  expect(others).toEqual([]);
  // The attempt that published is the second one.
  expect(news).toMatchObject({
    event: 'warning',
    exit_code: 77,
    outcome: 'published',
    error: { kind: 'canary' },
  });
  expect(news!.attempt_id).not.toBe(id);

  const events = receiver
    .to('/api/v1/lineage')
    .map(({ body }) => JSON.parse(body) as { eventType: string; run: { runId: string } });
  expect(events.map(({ eventType, run }) => [eventType, run.runId])).toEqual([
    ['START', id],
    ['COMPLETE', id],
  ]);
  expect(events.flatMap(problemsOfEvent)).toEqual([]);

  const trace = receiver.to('/v1/traces')[0]!.body;
  expect(trace.match(/"name":"score"/g)).toHaveLength(2);
});

it('is followed by no recovery: its last attempt published', async () => {
  await predawn('run', 'tiny', '--date', DATE);
  await predawn('run', 'tiny', '--date', DATE, '--force');
  const events = receiver.to('/hook').map(({ body }) => (JSON.parse(body) as { event: string }).event);
  expect(events).toEqual(['warning', 'success']);
});
