import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SAMPLE_DATE } from '../helpers/project.js';
import { breakInput, inputOf, type NotifiedProject, notifiedProject, setNotify } from './notified-project.js';
import { type Receiver, startReceiver } from './receiver.js';

let receiver: Receiver;
let project: NotifiedProject;
beforeEach(async () => {
  receiver = await startReceiver();
  project = await notifiedProject({});
});
afterEach(async () => {
  await receiver.close();
  await project.drop();
});

const paths = () => receiver.received.map(({ url }) => url.replace(/\?.*/, ''));
const json = (at: string) => receiver.to(at).map(({ body }) => JSON.parse(body) as Record<string, unknown>);

describe('healthchecks', () => {
  beforeEach(() => setNotify(project, { healthchecks: { url: `${receiver.url}/key/{job}?create=1` } }));

  it('is pinged at the start and after a success, with the attempt’s id', async () => {
    const { code, stdout } = await project.score({ args: ['--json'] });
    expect(code).toBe(0);
    const { attempt_id: id } = JSON.parse(stdout) as { attempt_id: string };
    expect(receiver.received.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `POST /key/churn/start?create=1&rid=${id}`,
      `POST /key/churn?create=1&rid=${id}`,
    ]);
    expect(receiver.received[1]!.body).toContain(`churn ${SAMPLE_DATE} (dev) is published`);
  });

  it('is told the exit code of a failure, with the page that a person reads', async () => {
    await breakInput(project);
    expect((await project.score()).code).toBe(65);
    expect(paths()).toEqual(['/key/churn/start', '/key/churn/65']);
    const [start, end] = receiver.received.map(({ url }) =>
      new URL(url, receiver.url).searchParams.get('rid'),
    );
    expect(start).toBe(end);
    expect(receiver.received[1]!.body).toMatch(/failed with exit code 65\n.*1 row of 500 rejected.*line 4/);
  });

  it('is told of a failure without the code, where that is asked for', async () => {
    await setNotify(project, { healthchecks: { url: `${receiver.url}/`, exit_status: false } });
    await breakInput(project);
    await project.score();
    expect(paths()).toEqual(['/start', '/fail']);
  });
});

describe('a run that ends before its attempt opens is told of:', () => {
  beforeEach(() =>
    setNotify(project, {
      healthchecks: { url: `${receiver.url}/ping` },
      webhooks: [{ url: `${receiver.url}/hook` }],
    }),
  );

  it('no input', async () => {
    await rm(path.join(project.folder, inputOf()));
    expect((await project.score()).code).toBe(66);
    expect(paths().sort()).toEqual(['/hook', '/ping/66', '/ping/start']);
    expect(json('/hook')).toMatchObject([
      { event: 'failure', exit_code: 66, as_of: SAMPLE_DATE, error: { kind: 'input' }, rows: null },
    ]);
  });

  it('a job file that is wrong', async () => {
    await project.edit('jobs/churn.yaml', 'timezone:', 'timezon:');
    expect((await project.score()).code).toBe(78);
    expect(paths().sort()).toEqual(['/hook', '/ping/78', '/ping/start']);
  });

  it('settings whose variable is not set', async () => {
    await project.edit('predawn.yaml', './predictions', '${DESTINATION}');
    expect((await project.score()).code).toBe(78);
    expect(paths()).toContain('/ping/78');
    expect(json('/hook')[0]).toMatchObject({
      exit_code: 78,
      environment: 'dev',
      error: { kind: 'configuration' },
    });
  });

  it('settings that are wrong elsewhere', async () => {
    await project.edit('predawn.yaml', 'workers: 2', 'worker: 2');
    expect((await project.score()).code).toBe(78);
    expect(json('/hook')[0]).toMatchObject({ error: { code: 'config.unknown_key' } });
  });

  it('but nobody where the settings can’t be read at all', async () => {
    await project.write('predawn.yaml', 'environments: [');
    expect((await project.score()).code).toBe(78);
    expect(receiver.received).toEqual([]);
  });
});

describe('nothing is told', () => {
  beforeEach(() =>
    setNotify(project, {
      healthchecks: { url: receiver.url },
      webhooks: [{ url: receiver.url, on: ['success', 'failure', 'warning', 'recovery'] }],
      openlineage: { url: receiver.url, file: './lineage.ndjson' },
      prometheus: { pushgateway: receiver.url },
      opentelemetry: { endpoint: receiver.url },
    }),
  );

  it.each([['--dry-run'], ['--compare'], ['--limit', '10']])('with %s', async (...args) => {
    expect((await project.score({ args })).code).toBe(0);
    await breakInput(project);
    expect((await project.score({ args: args[0] === '--limit' ? ['--dry-run'] : args })).code).toBe(65);
    expect(receiver.received).toEqual([]);
    await expect(project.read('lineage.ndjson')).rejects.toThrow('ENOENT');
  });
});

describe('a webhook', () => {
  const tell = (webhook: object) =>
    setNotify(project, { webhooks: [{ url: `${receiver.url}/hook`, ...webhook }] });

  it('hears of a failure, and then of the recovery, but of no ordinary success', async () => {
    await tell({ headers: { Authorization: 'Bearer ${TOKEN}' } });
    const env = { TOKEN: 'abc' };
    const good = await project.read(inputOf());
    await breakInput(project);
    await project.score({ env });
    await project.write(inputOf(), good);
    expect((await project.score({ env })).code).toBe(0);
    expect((await project.score({ env, args: ['--force'] })).code).toBe(0);

    const [failure, recovery, ...others] = json('/hook');
    expect(others).toEqual([]);
    expect(failure).toMatchObject({
      event: 'failure',
      job: 'churn',
      environment: 'dev',
      as_of: SAMPLE_DATE,
      exit_code: 65,
      error: { kind: 'data', code: 'gate.rejects' },
    });
    expect(recovery).toMatchObject({
      event: 'recovery',
      exit_code: 0,
      outcome: 'published',
      rows: { read: 500, scored: 500, rejected: 0 },
      previous_failure: { attempt_id: failure!['attempt_id'], error: { code: 'gate.rejects' } },
    });
    expect(receiver.to('/hook')[0]!.headers).toMatchObject({
      'content-type': 'application/json',
      authorization: 'Bearer abc',
    });
  });

  it('hears of warnings once', async () => {
    await tell({});
    await project.edit('jobs/churn.yaml', /^input:/m, 'input:\n  final_newline: optional');
    await project.write(inputOf(), (await project.read(inputOf())).trimEnd());
    expect((await project.score()).code).toBe(0);
    expect((await project.score()).code).toBe(0);
    expect(json('/hook')).toMatchObject([{ event: 'warning', exit_code: 0, error: null }]);
    expect(json('/hook')[0]!['warnings']).toEqual([expect.stringContaining('no line end')]);
  });

  it('hears of a success where that is asked for', async () => {
    await tell({ on: ['success'] });
    await project.score();
    expect(json('/hook')).toMatchObject([{ event: 'success', previous_failure: null }]);
  });

  it('writes a message for Slack, in which nothing of ours is a command', async () => {
    await tell({ format: 'slack' });
    await project.edit('jobs/churn.yaml', 'model: churn', 'model: "<!channel>"');
    expect((await project.score()).code).not.toBe(0);
    const [message] = json('/hook') as {
      text: string;
      blocks: { type: string; text?: { type: string; text: string } }[];
    }[];
    expect(message!.text).toMatch(/^🔴 churn .*failed with exit code 7/u);
    expect(message!.blocks.map(({ type }) => type)).toEqual(['header', 'section', 'context']);
    expect(message!.blocks[1]!.text).toMatchObject({ type: 'plain_text' });
    expect(JSON.stringify([message!.text, message!.blocks[2]])).not.toContain('<!');
  });

  it('writes a card for Teams', async () => {
    await tell({ format: 'teams' });
    await breakInput(project);
    await project.score();
    const [message] = json('/hook') as { type: string; attachments: Record<string, unknown>[] }[];
    expect(message).toMatchObject({
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          content: {
            type: 'AdaptiveCard',
            body: [
              { type: 'TextBlock', text: expect.stringContaining('exit code 65') as string },
              { type: 'TextBlock', text: expect.stringContaining('1 row of 500 rejected') as string },
              {
                type: 'FactSet',
                facts: expect.arrayContaining([{ title: 'Data date', value: SAMPLE_DATE }]) as unknown,
              },
            ],
          },
        },
      ],
    });
  });
});

describe('metrics', () => {
  it('are a file that appears whole and keeps the last success through a failure', async () => {
    await mkdir(path.join(project.folder, 'metrics'));
    await setNotify(project, { prometheus: { textfile: './metrics' } });
    await project.score();
    const file = 'metrics/predawn_dev_churn.prom';
    const before = samplesIn(await project.read(file));
    expect(before).toMatchObject({
      predawn_last_run_exit_code: 0,
      predawn_last_success_data_date_seconds: Date.parse(SAMPLE_DATE) / 1000,
      predawn_last_success_rows_scored: 500,
      predawn_last_success_rows_rejected: 0,
    });
    expect(before['predawn_last_run_duration_seconds']).toBeGreaterThanOrEqual(0);
    expect(before['predawn_last_success_timestamp_seconds']).toBe(
      before['predawn_last_run_timestamp_seconds'],
    );

    await breakInput(project);
    await project.score();
    const after = samplesIn(await project.read(file));
    expect(Object.keys(after)).toEqual(Object.keys(before));
    expect(after).toMatchObject({
      predawn_last_run_exit_code: 65,
      predawn_last_success_timestamp_seconds: before['predawn_last_success_timestamp_seconds'],
      predawn_last_success_rows_scored: 500,
    });
    expect(await project.read(file)).toContain('{job_name="churn",environment="dev"} 65');
  });

  it('go to a Pushgateway, those of the last success only after one', async () => {
    await setNotify(project, { prometheus: { pushgateway: `${receiver.url}/gateway/` } });
    await project.score();
    await breakInput(project);
    await project.score();
    expect(receiver.received.map(({ method, url }) => `${method} ${url}`)).toEqual(
      Array(2).fill('POST /gateway/metrics/job/predawn/job_name/churn/environment/dev'),
    );
    const [success, failure] = receiver.received.map(({ body }) => samplesIn(body));
    expect(success).toMatchObject({ predawn_last_run_exit_code: 0, predawn_last_success_rows_scored: 500 });
    expect(failure).toMatchObject({ predawn_last_run_exit_code: 65 });
    expect(Object.keys(failure!).filter((name) => name.includes('success'))).toEqual([]);
  });

  /** Samples by name, of a text in which every one has its help and type before it. */
  function samplesIn(text: string): Record<string, number> {
    const blocks = [...text.matchAll(/^# HELP (\w+) .+\n# TYPE \1 gauge\n\1(?:\{.*\})? (\S+)\n/gm)];
    expect(text).toBe(blocks.map(([block]) => block).join(''));
    return Object.fromEntries(blocks.map(([, name, value]) => [name!, Number(value)]));
  }
});
