import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { validate } from 'node-cron';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadJob } from '../../src/config/jobs.js';
import { loadSettings } from '../../src/config/settings.js';
import { REPOSITORY } from '../helpers/cli.js';
import { codesIn, NEVER_RETRY } from './exit-code-table.js';

const read = (file: string) => readFileSync(path.join(REPOSITORY, file), 'utf8');

interface CronJob {
  readonly spec: {
    readonly schedule: string;
    readonly timeZone: string;
    readonly concurrencyPolicy: string;
    readonly jobTemplate: {
      readonly spec: {
        readonly activeDeadlineSeconds: number;
        readonly template: { readonly spec: PodSpec };
      };
    };
  };
}

interface PodSpec {
  readonly securityContext: { readonly runAsNonRoot: boolean; readonly runAsUser: number };
  readonly containers: readonly {
    readonly name: string;
    readonly args: readonly string[];
    readonly envFrom: readonly { readonly secretRef: { readonly name: string } }[];
    readonly resources: { readonly limits: object; readonly requests: object };
    readonly securityContext: object;
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  }[];
  readonly volumes: readonly {
    readonly name: string;
    readonly configMap?: {
      readonly name: string;
      readonly items: readonly { readonly key: string; readonly path: string }[];
    };
  }[];
}

describe('deploy/kubernetes', () => {
  const text = read('deploy/kubernetes/cronjob.yaml');
  const { spec } = parse(text) as CronJob;
  const job = spec.jobTemplate.spec;
  const pod = job.template.spec;
  const [container] = pod.containers as [PodSpec['containers'][number]];
  const { metadata, data } = parse(read('deploy/kubernetes/project.yaml')) as {
    metadata: { name: string };
    data: Record<string, string>;
  };

  it('starts no two runs at once, at the job’s hours in the job’s zone, with a deadline', () => {
    expect(spec.concurrencyPolicy).toBe('Forbid');
    expect(spec.timeZone).toBe((parse(read('jobs/churn.yaml')) as { timezone: string }).timezone);
    expect(validate(spec.schedule)).toBe(true);
    expect(job.activeDeadlineSeconds).toBeLessThan(86_400);
  });

  it('runs as the image’s user, who can change nothing', () => {
    const user = /^USER (\d+):/m.exec(read('Dockerfile'))![1];
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: Number(user) });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(Object.keys(container.resources.limits)).toEqual(Object.keys(container.resources.requests));
  });

  it('mounts settings and a job file that predawn understands, given the secret’s variables', async () => {
    const { configMap, name } = pod.volumes.find((volume) => volume.configMap !== undefined)!;
    expect(configMap!.name).toBe(metadata.name);
    expect(container.volumeMounts).toContainEqual({ name, mountPath: '/project', readOnly: true });

    const folder = await mkdtemp(path.join(tmpdir(), 'predawn-configmap-'));
    try {
      for (const { key, path: file } of configMap!.items) {
        await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
        await writeFile(path.join(folder, file), data[key]!);
      }
      // The names that the comment tells to put into the secret.
      const named = [...text.matchAll(/--from-literal=(\w+)=postgres/g)].map((match) => match[1]!);
      const variables = Object.fromEntries(
        named.map((each) => [each, 'postgres://user:secret@db/warehouse']),
      );
      const settings = await loadSettings({
        path: path.join(folder, 'predawn.yaml'),
        environment: 'production',
        variables,
        cores: 2,
      });
      expect(settings.environment.notify?.problems).toEqual([]);
      const [command, jobName] = container.args;
      expect(command).toBe('run');
      expect((await loadJob(settings, jobName!)).input.query).toContain(':date');
    } finally {
      await rm(folder, { recursive: true });
    }
    expect(data['churn.yaml']).toBe(read('jobs/churn.yaml'));
  });
});

describe('deploy/systemd', () => {
  const service = read('deploy/systemd/predawn@.service');
  const valuesOf = (name: string) =>
    [...service.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map((match) => match[1]!);

  it('tries again where that helps, and only there', () => {
    expect(valuesOf('Restart')).toEqual(['on-failure']);
    expect(valuesOf('RestartPreventExitStatus').map(codesIn)).toEqual([NEVER_RETRY]);
  });

  it('runs the job that it is named after, as a user who may do little', () => {
    expect(valuesOf('ExecStart')[0]).toMatch(/dist\/main\.js run %i --quiet$/);
    expect(valuesOf('NoNewPrivileges')).toEqual(['yes']);
    expect(valuesOf('User')).not.toEqual(['root']);
  });

  it('makes up for a night that the machine slept through', () => {
    expect(read('deploy/systemd/predawn@.timer')).toMatch(/^Persistent=true$/m);
  });

  it.skipIf(!hasSystemdAnalyze())('is accepted by systemd', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'predawn-units-'));
    try {
      const units = ['service', 'timer'].map((kind) => path.join(folder, `predawn@churn.${kind}`));
      for (const unit of units)
        await copyFile(
          path.join(REPOSITORY, 'deploy/systemd', path.basename(unit).replace('churn', '')),
          unit,
        );
      expect(execFileSync('systemd-analyze', ['verify', ...units], { encoding: 'utf8', stdio: 'pipe' })).toBe(
        '',
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

it('docs/deployment.md does not retry what a retry does not help', () => {
  const [, codes] = /onExitCodes: .* values: \[(.*)\]/.exec(read('docs/deployment.md'))!;
  expect(codesIn(codes!)).toEqual(NEVER_RETRY);
});

function hasSystemdAnalyze(): boolean {
  try {
    execFileSync('systemd-analyze', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
