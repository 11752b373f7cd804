import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SAMPLE_DATE } from '../helpers/project.js';
import { breakInput, type NotifiedProject, notifiedProject, setNotify } from './notified-project.js';
import { hang, type Receiver, slow, startReceiver, status, trickle } from './receiver.js';

/**
 * Receivers that are down, slow or hanging, told by real processes: a process that ends at all has given up, since none
 * of these lets it go. How long that takes is measured, not tested here.
 */
let receiver: Receiver;
let project: NotifiedProject;
beforeEach(async () => {
  receiver = await startReceiver();
  project = await notifiedProject({});
  await tellAll(receiver.url);
});
afterEach(async () => {
  await receiver.close();
  await project.drop();
});

/** Every kind of receiver at one address, with something secret in each. */
const tellAll = (url: string) =>
  setNotify(project, {
    healthchecks: { url: `${url}/secret-path/{job}` },
    webhooks: [
      { url: `${url}/hook?token=secret-token`, on: ['success', 'failure'] },
      {
        url: `${url.replace('//', '//user:secret-password@')}/hook`,
        on: ['success', 'failure'],
        format: 'slack',
      },
    ],
    prometheus: { pushgateway: url },
    openlineage: { url, api_key: 'secret-key' },
    opentelemetry: { endpoint: url, headers: { 'api-key': 'secret-header' } },
  });
const EVERYONE = [
  ...['healthchecks', 'webhook 1', 'webhook 2', 'pushgateway', 'openlineage', 'opentelemetry'],
];

const run = () => project.start('run', 'churn', '--date', SAMPLE_DATE);

/** Names of those that the log says could not be told, and why. */
function untold(stderr: string): string[] {
  const lines = stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { level: number; msg: string });
  const warned = lines.filter(({ msg }) => msg.includes('could not be told'));
  expect(warned.every(({ level }) => level === 40)).toBe(true);
  return warned.map(({ msg }) => msg);
}

const PLACES = {
  'is slow': async () => void (receiver.answer = slow),
  'never answers': async () => void (receiver.answer = hang),
  'answers and never ends': async () => void (receiver.answer = trickle),
  'refuses connections': () => receiver.close(),
  fails: async () => void (receiver.answer = status(500)),
  'sends elsewhere': async () => void (receiver.answer = status(302, { Location: '/somewhere' })),
};
const TELLS: readonly string[] = ['is slow', 'answers and never ends'];

describe.each(Object.entries(PLACES))('a receiver that %s', (name, arrange) => {
  it('changes nothing about a run that publishes, but a warning in its log', async () => {
    await arrange();
    const { code, stdout, stderr } = await run().finished;
    expect(code).toBe(0);
    expect(stdout).toContain('published');
    const said = untold(stderr);
    expect(said.map((text) => EVERYONE.find((each) => text.startsWith(each)))).toEqual(
      TELLS.includes(name) ? [] : EVERYONE,
    );
    expect(stderr).not.toContain('secret');
  });

  it('changes nothing about a run that fails', async () => {
    await arrange();
    await breakInput(project);
    const { code, stderr } = await run().finished;
    expect(code).toBe(65);
    expect(stderr).toMatch(/^predawn: churn \d{4}-\d\d-\d\d: 1 row of 500 rejected/m);
    expect(stderr.trimEnd()).toMatch(/gate\.rejects, exit 65$/);
    expect(stderr).not.toContain('secret');
  });
});

describe('telling', () => {
  it('gives up on a port that accepts and does not speak HTTP', async () => {
    const mute: Server = createServer(() => undefined);
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    try {
      await tellAll(`http://127.0.0.1:${(mute.address() as { port: number }).port}`);
      const { code, stderr } = await run().finished;
      expect(code).toBe(0);
      expect(untold(stderr)).toHaveLength(EVERYONE.length);
    } finally {
      mute.close();
    }
  });

  it('does not wait for a name that is still being looked up, which nothing can call off', async () => {
    await project.write(
      'no-dns.mjs',
      // As a name server that is not there: the lookup holds the process for as long as it likes.
      "import dns from 'node:dns';\ndns.lookup = () => void setInterval(() => undefined, 60_000);\n",
    );
    await tellAll('http://monitor.example');
    const env = { NODE_OPTIONS: '--import=./no-dns.mjs' };
    const { code, stdout, stderr } = await project.startWith(env, 'run', 'churn', '--date', SAMPLE_DATE)
      .finished;
    expect(code).toBe(0);
    expect(stdout).toContain('Look at it:');
    expect(untold(stderr)).toHaveLength(EVERYONE.length);
  });

  it('keeps nobody waiting before the end: blocks are scored while the start is not answered', async () => {
    receiver.answer = hang;
    const running = run();
    await receiver.waitFor('/secret-path/churn/start');
    await running.logged('published');
    expect((await running.finished).code).toBe(0);
    // The end is told, though the start was never answered.
    expect(receiver.to('/secret-path/churn?')).toHaveLength(1);
  });

  it('of a run that is terminated says so: exit code 143, and ABORT', async () => {
    await project.edit('predawn.yaml', 'workers: 2', 'workers: 2\nblock_bytes: 64');
    const running = run();
    await running.logged('started');
    running.child.kill('SIGTERM');
    const { code } = await running.finished;
    expect(code).toBe(143);
    expect(receiver.to('/secret-path/churn/143')).toHaveLength(1);
    const events = receiver
      .to('/api/v1/lineage')
      .map(({ body }) => JSON.parse(body) as { eventType: string });
    expect(events.map(({ eventType }) => eventType)).toEqual(['START', 'ABORT']);
  });

  it('writes nothing with --quiet, though nobody could be told', async () => {
    receiver.answer = status(500);
    const quiet = project.start('run', 'churn', '--date', SAMPLE_DATE, '--quiet');
    expect(await quiet.finished).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
  });

  it('leaves out a receiver that can’t be filled in, and tells the others', async () => {
    await setNotify(project, {
      healthchecks: { url: receiver.url },
      webhooks: [
        { url: '${UNSET}', on: ['success'] },
        { url: 'hooks.example/secret', on: ['success'] },
      ],
    });
    const { code, stderr } = await run().finished;
    expect(code).toBe(0);
    expect(stderr).toContain('needs the environment variable UNSET');
    expect(stderr).toContain('webhooks.1.url is not an http:// or https:// URL');
    expect(stderr).not.toContain('secret');
    expect(receiver.received).toHaveLength(2);
  });
});
