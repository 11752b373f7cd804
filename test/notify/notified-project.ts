import { stringify } from 'yaml';
import { type InProcessResult, runInProcess } from '../helpers/in-process.js';
import { SAMPLE_DATE, sampleProject, type TestProject } from '../helpers/project.js';

/** The sample job in a project whose environment tells somebody. */
export interface NotifiedProject extends TestProject {
  /** Runs the job in this process, for the sample's date. */
  score(options?: { args?: string[]; env?: Record<string, string> }): Promise<InProcessResult>;
}

/** @param notify what stands under `notify` of the environment */
export async function notifiedProject(notify: object): Promise<NotifiedProject> {
  const project = await sampleProject();
  await setNotify(project, notify);
  return {
    ...project,
    score: ({ args = [], env = {} } = {}) =>
      runInProcess(['run', 'churn', '--date', SAMPLE_DATE, ...args], {
        cwd: project.folder,
        env: { PREDAWN_LOG_LEVEL: 'silent', ...env },
      }),
  };
}

export async function setNotify(project: TestProject, notify: object): Promise<void> {
  const settings = {
    registry: './registry',
    workers: 2,
    environments: { dev: { destination: './predictions', notify } },
  };
  await project.write('predawn.yaml', stringify(settings));
}

/** Makes a row of the input one that can't be scored: exit 65. */
export async function breakInput(project: TestProject): Promise<void> {
  const file = inputOf();
  const lines = (await project.read(file)).split('\n');
  lines[3] = [lines[3]!.split(',')[0]!, ...Array<string>(22).fill('x')].join(',');
  await project.write(file, lines.join('\n'));
}

export function inputOf(date = SAMPLE_DATE): string {
  return `data-samples/churn/${date}.csv`;
}
