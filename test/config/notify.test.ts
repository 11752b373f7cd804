import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadNotify, loadSettings } from '../../src/config/settings.js';
import type { NotifySettings } from '../../src/domain/notify.js';
import { withProject } from './load-job-text.js';
import { problemsOf } from './problems.js';

type Variables = Record<string, string>;

function load(notify: object, variables: Variables = {}): Promise<NotifySettings> {
  return withProject(async (root) => {
    const file = path.join(root, 'predawn.yaml');
    await writeFile(file, stringify({ environments: { dev: { destination: './out', notify } } }));
    const { environment } = await loadSettings({ path: file, variables, cores: 1 });
    const target = await loadNotify({ path: file, variables, cores: 1 });
    expect(target).toEqual({ environment: 'dev', notify: environment.notify });
    return JSON.parse(JSON.stringify(environment.notify).replaceAll(root, '/project')) as NotifySettings;
  });
}

const problems = async (notify: object, variables: Variables = {}) =>
  (
    await withProject(async (root) => {
      const file = path.join(root, 'predawn.yaml');
      await writeFile(file, stringify({ environments: { dev: { destination: './out', notify } } }));
      return (await loadSettings({ path: file, variables, cores: 1 })).environment.notify!.problems;
    })
  ).map(({ message }) =>
    message.replace(/^.*predawn\.yaml, line \d+, column \d+: environments\.dev\.notify\./, ''),
  );

describe('notify', () => {
  it('fills in variables and defaults', async () => {
    expect(
      await load(
        {
          healthchecks: { url: '${BASE}/{job}' },
          webhooks: [{ url: '${BASE}/hook', headers: { Authorization: 'Bearer ${TOKEN}' } }],
          prometheus: { textfile: './metrics' },
          openlineage: { url: 'http://lineage:5000' },
        },
        { BASE: 'https://monitor.example', TOKEN: 't' },
      ),
    ).toEqual({
      healthchecks: { url: 'https://monitor.example/{job}', exitStatus: true },
      webhooks: [
        {
          url: 'https://monitor.example/hook',
          format: 'json',
          on: ['failure', 'recovery', 'warning'],
          headers: { Authorization: 'Bearer t' },
        },
      ],
      textfile: '/project/metrics',
      openlineage: { url: 'http://lineage:5000/api/v1/lineage', namespace: 'predawn-dev' },
      problems: [],
    });
  });

  it('leaves out what can’t be filled in, and keeps the rest', async () => {
    const notify = {
      healthchecks: { url: '${UNSET}' },
      webhooks: [
        { url: 'ftp://secret' },
        { url: 'https://a.example', headers: { 'a b': 'secret' } },
        { url: 'https://b.example', headers: { 'X-Token': '${LINES}' } },
        { url: 'https://c.example' },
      ],
      openlineage: { namespace: 'n' },
    };
    const variables = { LINES: 'secret\nX-Evil: 1' };
    const { healthchecks, webhooks, openlineage } = await load(notify, variables);
    expect(healthchecks).toBeUndefined();
    expect(openlineage).toBeUndefined();
    expect(webhooks.map(({ url }) => url)).toEqual(['https://c.example']);
    const found = await problems(notify, variables);
    expect(found).toEqual([
      'healthchecks.url needs the environment variable UNSET, which is not set.',
      'openlineage has neither url nor file.',
      'webhooks.0.url is not an http:// or https:// URL.',
      'webhooks.1.headers.a b is no HTTP header.',
      'webhooks.2.headers.X-Token is no HTTP header.',
    ]);
    expect(found.join()).not.toContain('secret');
  });

  it.each([
    [{ webhook: [] }, 'unknown key "webhook"'],
    [{ webhooks: [{}] }, 'webhooks[0].url is missing.'],
    [{ webhooks: [{ url: 'https://a', format: 'slak' }] }, 'format must be one of json, slack, teams.'],
    [
      { webhooks: [{ url: 'https://a', on: ['failed'] }] },
      'must be one of failure, recovery, warning, success.',
    ],
    [{ healthchecks: { url: 5 } }, 'healthchecks.url must be text'],
  ])('refuses %j', async (notify, message) => {
    expect((await problemsOf(load(notify))).join('\n')).toContain(message);
  });

  describe('opentelemetry', () => {
    const url = async (settings: object, variables: Variables = {}) =>
      (await load({ opentelemetry: settings }, variables)).opentelemetry?.url;

    it('takes its endpoint from the settings, else from the variables of every SDK', async () => {
      expect(await url({})).toBe('http://localhost:4318/v1/traces');
      expect(await url({ endpoint: 'http://a:1' }, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://b' })).toBe(
        'http://a:1/v1/traces',
      );
      expect(await url({}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://b/x/?k=1' })).toBe(
        'https://b/x/v1/traces?k=1',
      );
      expect(
        await url(
          {},
          { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://b', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c/in' },
        ),
      ).toBe('http://c/in');
      expect(await url({}, { OTEL_SDK_DISABLED: 'true' })).toBeUndefined();
    });

    it('says which variable is wrong, without its value', async () => {
      expect(await problems({ opentelemetry: {} }, { OTEL_EXPORTER_OTLP_ENDPOINT: 'secret:4317' })).toEqual([
        'opentelemetry has no endpoint, and OTEL_EXPORTER_OTLP_ENDPOINT is no http:// or https:// URL.',
      ]);
    });

    it('reads headers and attributes as they are written there', async () => {
      const { opentelemetry } = await load(
        { opentelemetry: {} },
        {
          OTEL_EXPORTER_OTLP_HEADERS: 'a=1, b = x%20y ,broken, c=%zz',
          OTEL_RESOURCE_ATTRIBUTES: 'team=risk,service.name=x',
        },
      );
      expect(opentelemetry).toMatchObject({
        headers: { a: '1', b: 'x y', c: '%zz' },
        resource: { team: 'risk', 'service.name': 'x' },
      });
    });
  });
});
