import path from 'node:path';
import type { CronJob } from 'kubernetes-types/batch/v1.js';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { REPOSITORY } from '../helpers/cli.js';
import { codesIn, NEVER_RETRY } from './exit-code-table.js';
import {
  containersOf,
  jobSpec,
  manifests,
  type Manifest,
  podSpec,
  readText,
  scoreJobText,
} from './kubernetes.js';

/** Where the types of Kubernetes' API for a kind are; they are made from the API's own description. */
const MODULES: Record<string, string> = {
  ConfigMap: 'core/v1',
  ServiceAccount: 'core/v1',
  Role: 'rbac/v1',
  RoleBinding: 'rbac/v1',
  CronJob: 'batch/v1',
  Job: 'batch/v1',
};
const ATTEMPT = '01a2154d-f49c-72ee-a3c7-c130ecba73bc';
const FILES: Record<string, string> = {
  'cronjob.yaml': readText('cronjob.yaml'),
  'project.yaml': readText('project.yaml'),
  'shards/access.yaml': readText('shards/access.yaml'),
  'shards/cronjob.yaml': readText('shards/cronjob.yaml'),
  'shards/score-job.yaml': scoreJobText(ATTEMPT, 4),
};
const JOBS = ['cronjob.yaml', 'shards/cronjob.yaml', 'shards/score-job.yaml'];
const only = (file: string) => manifests(file, FILES[file])[0]!;

describe('deploy/kubernetes', () => {
  it('has no field that the API does not have, none missing, and none of another type', () => {
    const all = Object.entries(FILES).flatMap(([file, text]) => manifests(file, text));
    expect(all.length).toBeGreaterThan(6);
    expect(typeErrors(all)).toEqual([]);
  }, 60_000);

  it('would be found to have one', () => {
    const manifest = only('cronjob.yaml') as CronJob;
    const misspelt = { ...manifest, spec: { ...manifest.spec, startingDeadline: 5, timeZone: 1 } };
    expect(typeErrors([misspelt as unknown as Manifest]).join()).toMatch(
      /startingDeadline.*timeZone|number/s,
    );
  });

  it.each(JOBS)('%s: keeps to what the API asks of a policy for failed pods', (file) => {
    const job = jobSpec(only(file));
    const names = containersOf(podSpec(job)).map(({ name }) => name);
    expect(podSpec(job).restartPolicy).toBe('Never');
    for (const { action, onExitCodes } of job.podFailurePolicy!.rules) {
      expect(['FailJob', 'FailIndex', 'Ignore', 'Count']).toContain(action);
      if (action === 'FailIndex') expect(job.backoffLimitPerIndex).toBeGreaterThan(0);
      if (onExitCodes === undefined) continue;
      expect(names).toContain(onExitCodes.containerName);
      expect(onExitCodes.operator).toBe('In');
      // In order, each once, and never 0.
      expect(onExitCodes.values).toEqual([...new Set(onExitCodes.values)].sort((a, b) => a - b));
      expect(onExitCodes.values).not.toContain(0);
    }
  });

  it.each(JOBS)('%s: gives up where a retry does not help predawn, and only there', (file) => {
    const job = jobSpec(only(file));
    const predawn = containersOf(podSpec(job)).filter(({ image }) => image!.includes('/predawn:'));
    expect(predawn).not.toEqual([]);
    for (const { name } of predawn) {
      const rules = job.podFailurePolicy!.rules.filter(
        ({ onExitCodes }) => onExitCodes?.containerName === name,
      );
      expect(rules.map(({ onExitCodes }) => onExitCodes!.values)).toEqual([NEVER_RETRY]);
    }
  });

  it.each(JOBS)('%s: mounts what there is, on a root that is read-only, with limits', (file) => {
    const pod = podSpec(jobSpec(only(file)));
    const volumes = pod.volumes!.map(({ name }) => name);
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true },
    });
    for (const { volumeMounts, securityContext, resources } of containersOf(pod)) {
      for (const { name } of volumeMounts!) expect(volumes).toContain(name);
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(Object.keys(resources!.limits!)).toEqual(Object.keys(resources!.requests!));
    }
  });

  it('has an index for each shard, and names that leave room for what Kubernetes adds', () => {
    const job = only('shards/score-job.yaml') as unknown as { metadata: { name: string } };
    expect(jobSpec(only('shards/score-job.yaml'))).toMatchObject({
      completionMode: 'Indexed',
      completions: 4,
      parallelism: 4,
    });
    // A pod's host name is the Job's with an index.
    expect(`${job.metadata.name}-9999`.length).toBeLessThanOrEqual(63);
    expect(jobSpec(only('shards/cronjob.yaml')).activeDeadlineSeconds).toBeGreaterThan(
      jobSpec(only('shards/score-job.yaml')).activeDeadlineSeconds!,
    );
  });

  it('lists in the Kustomization what there is, and no more rights than score.sh uses', () => {
    const [kustomization] = manifests('shards/kustomization.yaml') as unknown as {
      resources: string[];
      configMapGenerator: { name: string; files: string[] }[];
    }[];
    const { resources, configMapGenerator } = kustomization!;
    expect(resources).toEqual(['access.yaml', 'cronjob.yaml']);
    const pod = podSpec(jobSpec(only('shards/cronjob.yaml')));
    const mounted = pod.volumes!.flatMap(({ configMap }) => configMap?.name ?? []);
    expect(mounted).toContain(configMapGenerator[0]!.name);
    for (const file of configMapGenerator[0]!.files) expect(readText(`shards/${file}`)).not.toBe('');

    const role = manifests('shards/access.yaml').find(({ kind }) => kind === 'Role') as unknown as {
      rules: { resources: string[]; verbs: string[] }[];
    };
    const used = [...readText('shards/score.sh').matchAll(/\bkubectl (get|create|delete)\b/g)].map(
      ([, verb]) => verb!,
    );
    expect(role.rules).toMatchObject([{ resources: ['jobs'], verbs: [...new Set(used)].sort(byRight) }]);
  });

  it('says in its policy what score.sh exits with', () => {
    const policy = jobSpec(only('shards/cronjob.yaml')).podFailurePolicy!;
    const ofScore = policy.rules.find(({ onExitCodes }) => onExitCodes?.containerName === 'score')!;
    const exits = [...readText('shards/score.sh').matchAll(/^ +exit (\d+)$/gm)].map(([, code]) => code);
    expect(ofScore.onExitCodes!.values).toEqual(codesIn(exits.join(' ')).filter((code) => code !== 0));
  });
});

const RIGHTS = ['get', 'create', 'delete'];
const byRight = (a: string, b: string) => RIGHTS.indexOf(a) - RIGHTS.indexOf(b);

/** What TypeScript finds wrong with manifests as literals of Kubernetes' own types, where every further field is one. */
function typeErrors(found: readonly Manifest[]): string[] {
  const file = path.join(REPOSITORY, 'test/deploy/manifests-as-types.ts');
  const source = found
    .map(
      (manifest, index) =>
        `import type { ${manifest.kind} as Type${index} } from 'kubernetes-types/${MODULES[manifest.kind]!}.js';\n` +
        `export const manifest${index}: Type${index} = ${JSON.stringify(manifest)};\n`,
    )
    .join('');
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    lib: ['lib.es5.d.ts'],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    getSourceFile: (name, ...rest) =>
      name === file
        ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2022)
        : disk.getSourceFile(name, ...rest),
    fileExists: (name) => name === file || disk.fileExists(name),
    readFile: (name) => (name === file ? source : disk.readFile(name)),
  };
  const program = ts.createProgram([file], options, host);
  const checked = program.getSourceFile(file);
  return [...program.getSyntacticDiagnostics(checked), ...program.getSemanticDiagnostics(checked)].map(
    ({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'),
  );
}
