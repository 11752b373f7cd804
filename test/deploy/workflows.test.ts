import { readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { REPOSITORY } from '../helpers/cli.js';
import { runInProcess } from '../helpers/in-process.js';

const read = (file: string) => readFileSync(path.join(REPOSITORY, file), 'utf8');
const isWorkflow = new Ajv({ allErrors: true, extendRefs: true }).compile(
  JSON.parse(read('test/deploy/schemas/github-workflow.json')) as object,
);

interface Workflow {
  readonly permissions: object;
  readonly env?: Record<string, string>;
  readonly jobs: Record<string, Job>;
}
interface Job {
  readonly needs?: string | readonly string[];
  readonly environment?: string;
  readonly permissions?: object;
  readonly env?: Record<string, string>;
  readonly outputs?: Record<string, string>;
  readonly strategy?: { readonly matrix: { readonly node: readonly string[] } };
  readonly steps: readonly { readonly uses?: string; readonly run?: string; readonly with?: object }[];
}

const workflow = (name: string) => parse(read(`deploy/github-actions/${name}.yml`)) as Workflow;
const runs = (job: Job) => job.steps.flatMap(({ run }) => run ?? []);

describe.each(['ci', 'deploy'])('deploy/github-actions/%s.yml', (name) => {
  it('is a workflow by its schema', () => {
    isWorkflow(workflow(name));
    expect(isWorkflow.errors).toBeNull();
  });

  it('gives its token no right but to read, unless a job needs more', () => {
    expect(workflow(name).permissions).toEqual({ contents: 'read' });
  });

  it('puts nothing that others can choose into a command', () => {
    for (const command of Object.values(workflow(name).jobs).flatMap(runs))
      expect(command).not.toContain('${{');
  });
});

describe('CI', () => {
  const { test } = workflow('ci').jobs as { test: Job };

  it('runs scripts that there are, on every Node.js that is supported', () => {
    const { scripts, engines } = JSON.parse(read('package.json')) as {
      scripts: Record<string, string>;
      engines: { node: string };
    };
    for (const command of runs(test)) {
      const script = /^npm (?:run )?(\w+)$/.exec(command)![1]!;
      if (script !== 'ci') expect(scripts).toHaveProperty([script]);
    }
    expect(`>=${test.strategy!.matrix.node[0]!}`).toBe(engines.node);
  });
});

describe('the deployment', () => {
  const { build, staging, production } = workflow('deploy').jobs as {
    build: Job;
    staging: Job;
    production: Job;
  };

  it('builds once, and production gets the digest that staging tried, after an approval', () => {
    const builds = Object.values(workflow('deploy').jobs).flatMap(({ steps }) =>
      steps.filter(({ uses }) => uses?.startsWith('docker/build-push-action')),
    );
    expect(builds).toHaveLength(1);
    expect(build.outputs).toEqual({ digest: '${{ steps.push.outputs.digest }}' });
    expect(staging.env!['PREDAWN']).toMatch(/@\$\{\{ needs\.build\.outputs\.digest \}\}$/);
    expect(production.needs).toEqual(['build', 'staging']);
    expect(production.environment).toBe('production');
    expect(runs(production)).toEqual([expect.stringContaining('"$IMAGE@$DIGEST"')]);
  });

  it('tries commands in staging that predawn has', async () => {
    const commands = runs(staging).map((command) => command.replace('$PREDAWN ', '').split(' '));
    expect(commands.length).toBeGreaterThan(1);
    for (const command of commands) {
      // Understood so far that it looks for settings, which are not there.
      const { code, stderr } = await runInProcess(command, { cwd: '/' });
      expect({ code, stderr }).toMatchObject({
        code: 78,
        stderr: expect.stringContaining('settings.none') as string,
      });
    }
  });
});
