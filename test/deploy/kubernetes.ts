import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { CronJob, Job, JobSpec } from 'kubernetes-types/batch/v1.js';
import type { Container, PodSpec } from 'kubernetes-types/core/v1.js';
import { parseAllDocuments } from 'yaml';
import { REPOSITORY } from '../helpers/cli.js';

/** A document of a manifest. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
}

export const readText = (file: string) =>
  readFileSync(path.join(REPOSITORY, 'deploy/kubernetes', file), 'utf8');

/** The documents of a file beneath deploy/kubernetes, or of the text given. */
export function manifests(file: string, text = readText(file)): Manifest[] {
  return parseAllDocuments(text).map((document) => {
    if (document.errors.length > 0) throw document.errors[0]!;
    return document.toJS() as Manifest;
  });
}

/** What score.sh makes of score-job.yaml. */
export const scoreJobText = (attempt: string, shards: number) =>
  readText('shards/score-job.yaml')
    .replaceAll('ATTEMPT_ID', attempt)
    .replaceAll('SHARD_COUNT', String(shards));

/** The Job that a manifest asks for, itself or as a CronJob's template. */
export function jobSpec(manifest: Manifest): JobSpec {
  const { spec } = manifest.kind === 'CronJob' ? (manifest as CronJob).spec!.jobTemplate : (manifest as Job);
  return spec!;
}

export const podSpec = (job: JobSpec): PodSpec => job.template.spec!;

/** In the order in which a pod runs them. */
export function containersOf(pod: PodSpec): readonly Container[] {
  return [...(pod.initContainers ?? []), ...pod.containers];
}

/** What a Job does about a container that exited: what its policy says, or `Count` against the limit of tries. */
export function actionFor(job: JobSpec, container: string, code: number): string {
  for (const { action, onExitCodes } of job.podFailurePolicy?.rules ?? []) {
    if (onExitCodes === undefined) continue;
    const { containerName = container, operator, values } = onExitCodes;
    if (containerName === container && values.includes(code) === (operator === 'In')) return action;
  }
  return 'Count';
}

/** `$(NAME)` in a command or argument, as Kubernetes puts in variables: unknown names stay, `$$` is a `$`. */
export function expand(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (whole, name: string | undefined) =>
    whole === '$$' ? '$' : (variables[name!] ?? whole),
  );
}
