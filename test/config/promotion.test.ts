import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { settingsJsonSchema } from '../../src/config/json-schema.js';
import { loadProject } from '../../src/config/settings.js';
import type { PromotionRules } from '../../src/domain/gate.js';
import { withProject } from './load-job-text.js';
import { problemsOf } from './problems.js';

/** Environments whose entries are that YAML, each with a destination. */
function environments(entries: Record<string, string>): string {
  const lines = Object.entries(entries).map(([name, more]) => `  ${name}: { destination: out, ${more} }\n`);
  return `environments:\n${lines.join('')}`;
}

function load(text: string): Promise<Readonly<Record<string, PromotionRules>>> {
  return withProject(async (root) => {
    const file = path.join(root, 'predawn.yaml');
    await writeFile(file, text);
    return (await loadProject({ path: file, variables: {}, cores: 1 })).promotion;
  });
}

async function problems(text: string): Promise<string[]> {
  return (await problemsOf(load(text))).map((message) => message.replace(/^.*predawn\.yaml[, ]*/, ''));
}

describe('the order of environments', () => {
  it('is what "after" says; without it, nothing must be live before', async () => {
    const rules = await load(environments({ dev: '', staging: 'after: dev', production: 'after: staging' }));
    expect(Object.entries(rules).map(([name, { after }]) => [name, after])).toEqual([
      ['dev', undefined],
      ['staging', 'dev'],
      ['production', 'staging'],
    ]);
  });

  it('names environments there are', async () => {
    expect(await problems(environments({ staging: '', production: 'after: stagign' }))).toEqual([
      'line 3, column 42: environments.production.after names "stagign", which is no environment. Did you mean "staging"?',
    ]);
    expect(await problems(environments({ production: 'after: q' }))).toEqual([
      'line 2, column 42: environments.production.after names "q", which is no environment. Remove it.',
    ]);
  });

  it('leads to an end: a cycle is said once, one that is only led to not again', async () => {
    const text = environments({ a: 'after: b', b: 'after: c', c: 'after: b', d: 'after: d' });
    expect(await problems(text)).toEqual([
      'line 3, column 33: environments.b.after leads back to b: b after c after b. A version could never get there first; remove one "after".',
      'line 5, column 33: environments.d.after leads back to d: d after d. A version could never get there first; remove one "after".',
    ]);
  });

  it('is reported with everything else that is wrong', async () => {
    const text = `${environments({ a: 'after: x', b: 'gate: { max_rss_mb: -1 }' })}wrokers: 2\n`;
    expect(await problems(text)).toHaveLength(4);
  });

  it.each(['after: 7', 'after: [a]', 'after:'])('refuses %s', async (after) => {
    const [problem] = await problems(environments({ a: after }));
    expect(problem).toContain('environments.a.after must');
  });
});

describe('a gate', () => {
  const gateOf = async (yaml: string) => (await load(environments({ a: `gate: ${yaml}` })))['a']?.gate;

  it('is read with its ceilings', async () => {
    const gate = await gateOf(
      '{ golden: required, on: { job: churn, dates: 3 }, max_reject_rate: 0.1%, max_ms_per_1k_rows: 40, max_rss_mb: 600, max_score_shift: { psi: 0.2 }, max_label_change: 2% }',
    );
    expect(gate).toEqual({
      on: { job: 'churn', dates: 3 },
      ceilings: {
        rejectRate: 0.001,
        millisecondsPer1kRows: 40,
        rssMegabytes: 600,
        scoreShift: 0.2,
        labelChange: 0.02,
      },
    });
  });

  it('asks for golden rows alone where it says nothing more', async () => {
    expect(await gateOf('{}')).toEqual({ on: undefined, ceilings: {} });
    expect(await gateOf('{ golden: required }')).toEqual({ on: undefined, ceilings: {} });
  });

  it('takes one data date where it does not say how many, and a share of nothing', async () => {
    expect(await gateOf('{ on: {}, max_label_change: 0% }')).toMatchObject({
      on: { dates: 1 },
      ceilings: { labelChange: 0 },
    });
    expect(await gateOf('{ on: { job: churn }, max_reject_rate: 0 }')).toMatchObject({
      ceilings: { rejectRate: 0 },
    });
  });

  it.each([
    ['{ golden: optional }', 'environments.a.gate.golden must be required: every gate asks for golden rows.'],
    ['{ max_rss_mb: 600 }', 'needs rows for max_rss_mb. Say which: on: { job: <name>, dates: 3 }.'],
    ['{ on: { job: ../x } }', 'environments.a.gate.on.job must begin with a letter or digit'],
    ['{ on: { job: x, dates: 0 } }', 'environments.a.gate.on.dates must be at least 1.'],
    ['{ on: { job: x, dates: 367 } }', 'environments.a.gate.on.dates must be at most 366.'],
    [
      '{ on: { job: x }, max_label_change: 0.02 }',
      'must be a share of the rows such as 0.1%. Write 2%, or 0.02%.',
    ],
    ['{ on: { job: x }, max_reject_rate: 101% }', 'must be a share of the rows such as 0.1%.'],
    ['{ on: { job: x }, max_reject_rate: some }', 'must be a share of the rows such as 0.1%.'],
    ['{ on: { job: x }, max_ms_per_1k_rows: 0 }', 'must be above 0.'],
    ['{ on: { job: x }, max_ms_per_1k_rows: .inf }', 'max_ms_per_1k_rows must be'],
    ['{ on: { job: x }, max_score_shift: 0.2 }', 'must be a mapping (key: value)'],
    ['{ on: { job: x }, max_score_shift: { psi: -1 } }', 'environments.a.gate.max_score_shift.psi must be'],
    ['{ on: { job: x }, max_score_shfit: { psi: 1 } }', 'Did you mean "max_score_shift"?'],
  ])('refuses %s', async (yaml, message) => {
    const found = await problems(environments({ a: `gate: ${yaml}` }));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(message);
    expect(found[0]).toMatch(/^line 2, column \d+: /);
  });

  it('is in the JSON Schema, every key described', () => {
    const { properties } = (
      settingsJsonSchema() as {
        properties: { environments: { additionalProperties: { properties: { gate: Schema } } } };
      }
    ).properties.environments.additionalProperties.properties.gate;
    expect(Object.keys(properties ?? {})).toContain('max_label_change');
    for (const [key, { description }] of Object.entries(properties ?? {}))
      expect(description, key).toBeTypeOf('string');
  });
});

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
}

describe('ceilings of a canary', () => {
  const canaryOf = async (text: string) =>
    (await load(environments({ production: `canary: ${text}` })))['production']!.canary;

  it('are read as the gate’s are', async () => {
    const all =
      '{ max_reject_rate: 0.1%, max_score_shift: { psi: 0.2 }, max_label_change: 2%, min_rows: 50 }';
    expect(await canaryOf(all)).toEqual({
      rejectRate: 0.001,
      scoreShift: 0.2,
      labelChange: 0.02,
      minRows: 50,
    });
  });

  it('are none by default, for canaries of a hundred rows', async () => {
    expect(await canaryOf('{}')).toEqual({
      ...{ rejectRate: undefined, scoreShift: undefined, labelChange: undefined, minRows: 100 },
    });
  });

  it('have no other keys', async () => {
    const found = await problems(environments({ production: 'canary: { max_label_changes: 2% }' }));
    expect(found.join()).toMatch(/max_label_change/);
  });
});
