import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runInProcess } from '../helpers/in-process.js';
import { SAMPLE_DATE } from '../helpers/project.js';
import { type NotifiedProject, notifiedProject, setNotify } from './notified-project.js';
import { problemsOfEvent } from './openlineage-schemas.js';
import { type Receiver, startReceiver, status } from './receiver.js';

let receiver: Receiver;
let project: NotifiedProject;
beforeEach(async () => {
  receiver = await startReceiver();
  project = await notifiedProject({});
  await mkdir(path.join(project.folder, 'metrics'));
});
afterEach(async () => {
  await receiver.close();
  await project.drop();
});

const predawn = (...args: string[]) => runInProcess(args, { cwd: project.folder });
const everyone = () =>
  setNotify(project, {
    healthchecks: { url: `${receiver.url}/ping/{job}` },
    webhooks: [{ url: `${receiver.url}/json` }, { url: `${receiver.url}/slack`, format: 'slack' }],
    prometheus: { textfile: './metrics', pushgateway: receiver.url },
    openlineage: { url: receiver.url, file: './lineage.ndjson' },
    opentelemetry: { endpoint: receiver.url },
  });

describe('predawn notify', () => {
  it('shows who is told, and tells nobody', async () => {
    await everyone();
    const { code, stdout } = await predawn('notify');
    expect(code).toBe(0);
    const host = new URL(receiver.url).host;
    for (const name of [
      `healthchecks ${host}`,
      `webhook 2 ${host}`,
      'textfile',
      'lineage.ndjson',
      'opentelemetry',
    ])
      expect(stdout).toContain(name);
    expect(stdout).toContain('Next: predawn notify --test --env dev');
    expect(stdout).not.toContain('/ping');
    expect(receiver.received).toEqual([]);
  });

  it('--test reaches everyone, and leaves no trace in metrics and states', async () => {
    await everyone();
    const { code, stdout } = await predawn('notify', 'churn', '--test', '--json');
    expect(code).toBe(0);
    const { receivers } = JSON.parse(stdout) as { receivers: { reached: boolean }[] };
    expect(receivers.map(({ reached }) => reached)).toEqual(Array(8).fill(true));
    const got = receiver.received.map(({ method, url }) => `${method} ${url.replace(/\?rid=.*/, '')}`).sort();
    expect(got).toEqual([
      'DELETE /metrics/job/predawn_notify_test',
      'POST /api/v1/lineage',
      'POST /api/v1/lineage',
      'POST /json',
      'POST /metrics/job/predawn_notify_test',
      'POST /ping/churn/log',
      'POST /slack',
      'POST /v1/traces',
    ]);
    const events = receiver.to('/api/v1/lineage').map(({ body }) => JSON.parse(body) as object);
    expect(events.flatMap(problemsOfEvent)).toEqual([]);
    expect(JSON.parse(receiver.to('/json')[0]!.body)).toMatchObject({ event: 'test', job: 'churn' });
    expect(await project.read('lineage.ndjson')).toBe('');
  });

  it('--test exits 75 and says who could not be told', async () => {
    await everyone();
    receiver.answer = (received, response) =>
      status(received.url.startsWith('/slack') ? 404 : 200)(received, response);
    const { code, stdout, stderr } = await predawn('notify', '--test');
    expect(code).toBe(75);
    expect(stdout).toMatch(/webhook 2 .*it answered 404: there is nothing at this URL/);
    expect(stderr).toMatch(/webhook 2 .*could not be told: it answered 404/);
    expect(stderr).not.toContain('secret-in-the-body');
    const asJson = JSON.parse((await predawn('notify', '--test', '--json')).stdout) as Record<
      string,
      unknown
    >;
    expect(asJson).toMatchObject({ exit_code: 75, error: { code: 'notify.untold' } });
    expect(asJson['receivers']).toContainEqual(
      expect.objectContaining({ reached: false, problem: 'it answered 404: there is nothing at this URL' }),
    );
  });

  it('exits 78 where nobody is told, or somebody can’t be', async () => {
    await project.edit('predawn.yaml', /^ +notify:.*$/m, '');
    const nobody = await predawn('notify');
    expect(nobody).toMatchObject({ code: 78, stdout: '' });
    expect(nobody.stderr).toContain('environments.dev.notify');

    await setNotify(project, { webhooks: [{ url: '${UNSET}' }] });
    const unset = await predawn('notify', '--test');
    expect(unset).toMatchObject({ code: 78, stdout: '' });
    expect(unset.stderr).toMatch(/line \d+.*webhooks\.0\.url needs the environment variable UNSET/);
  });
});

describe('predawn validate', () => {
  it('finds what a run would only warn of', async () => {
    await setNotify(project, {
      healthchecks: { url: 'hc-ping.com/secret' },
      prometheus: { textfile: './nowhere' },
      openlineage: { file: './metrics' },
    });
    const { code, stderr } = await predawn('validate', '--date', SAMPLE_DATE);
    expect(code).toBe(78);
    expect(stderr).toContain('healthchecks.url is not an http:// or https:// URL');
    expect(stderr).toMatch(/textfile .*nowhere can't be used: ENOENT/);
    expect(stderr).toMatch(/openlineage .*metrics can't be used: EISDIR/);
    expect(stderr).not.toContain('secret');
  });

  it('tells nobody', async () => {
    await everyone();
    expect((await predawn('validate', '--date', SAMPLE_DATE)).code).toBe(0);
    expect(receiver.received).toEqual([]);
  });
});
