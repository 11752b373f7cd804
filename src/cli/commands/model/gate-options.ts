import { listJobs, loadJob } from '../../../config/jobs.js';
import { loadSettings } from '../../../config/settings.js';
import { PredawnError } from '../../../domain/errors.js';
import type { Job, Project, Settings } from '../../../domain/job.js';
import { parseDataDate } from '../../../domain/window.js';
import { processMeters } from '../../../run/gate/meters.js';
import type { GateContext } from '../../../run/gate/run-gate.js';
import { openVerifiedModel } from '../../../run/verified-model.js';
import type { CommandContext } from '../../context.js';
import type { CommonOptions } from '../../print.js';
import { startProgress } from '../../progress.js';

export interface GateOptions extends CommonOptions {
  readonly to: string;
  readonly date?: string;
  readonly report?: string;
}

export const DATE_OPTION = [
  '--date <YYYY-MM-DD>',
  'last data date that the gate scores; default: yesterday in the job’s time zone',
] as const;

/** What a gate of an environment scores: its settings are read only when they are asked for, passwords and all. */
export function gateFacts(name: string, project: Project, options: GateOptions, context: CommandContext) {
  return {
    date: options.date === undefined ? undefined : parseDataDate(options.date),
    replayed: async (): Promise<{ settings: Settings; job: Job }> => {
      const { variables, cores } = context;
      const { path, promotion } = project;
      const settings = await loadSettings({ path, environment: options.to, variables, cores });
      const asked = promotion[options.to]?.gate?.on?.job;
      return {
        settings,
        job: asked === undefined ? await jobOf(name, settings) : await loadJob(settings, asked),
      };
    },
  };
}

/** The one job of a model. A job file that can't be read is some other model's, as long as there is one. */
async function jobOf(model: string, settings: Settings): Promise<Job> {
  const jobs: Job[] = [];
  const problems: PredawnError[] = [];
  for (const name of await listJobs(settings)) {
    try {
      jobs.push(await loadJob(settings, name));
    } catch (error) {
      if (!(error instanceof PredawnError)) throw error;
      problems.push(error);
    }
  }
  const own = jobs.filter((job) => job.model === model);
  if (own.length === 1) return own[0]!;
  if (own.length === 0 && problems.length > 0) throw problems[0]!;
  const { environment, path } = settings;
  throw new PredawnError(
    'configuration',
    'gate.job',
    own.length === 0
      ? `The gate of ${environment.name} scores the rows of ${model}'s job, but no job has the model ${model}.`
      : `The gate of ${environment.name} scores the rows of ${model}'s job, but there are ${own.length}: ${own.map((job) => job.name).join(', ')}.`,
    {
      hint:
        own.length === 0
          ? `Write jobs/${model}.yaml; \`predawn init\` makes one from the model and its input.`
          : `Name one of them as environments.${environment.name}.gate.on.job in ${path}.`,
    },
  );
}

/** Runs something that may score many rows, with progress on a terminal. */
export async function withGateContext<Result>(
  label: string,
  options: GateOptions,
  context: CommandContext,
  work: (gate: GateContext) => Promise<Result>,
): Promise<Result> {
  const { services, signal, stderr } = context;
  const progress =
    stderr.isTTY && options.quiet !== true && options.json !== true
      ? startProgress(stderr, label, () => context.now())
      : undefined;
  try {
    return await work({
      services,
      signal,
      meters: processMeters,
      now: () => context.now(),
      onEvent: (event) => progress?.onEvent(event),
      openVerified: (artefact) => openVerifiedModel(artefact, services),
    });
  } finally {
    progress?.stop();
  }
}
