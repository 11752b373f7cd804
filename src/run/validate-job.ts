import { PredawnError } from '../domain/errors.js';
import type { Job, Settings } from '../domain/job.js';
import type { Model } from '../domain/model.js';
import type { Artefact } from '../domain/registry.js';
import { askedFigures } from './asked-figures.js';
import { artefactLabel, describeTarget } from './attempt.js';
import { bindJob } from './bind-job.js';
import { fixDate } from './fix-date.js';
import { pinArtefact } from './pin-artefact.js';
import type { Services } from './services.js';
import { using } from './using.js';
import { openVerifiedModel } from './verified-model.js';

/** What was found sound, in words, and everything that was not. */
export interface JobValidation {
  readonly job: string;
  readonly checks: readonly string[];
  readonly problems: readonly PredawnError[];
}

interface ValidationContext {
  readonly services: Services;
  readonly signal: AbortSignal;
  now(): Date;
}

/** Everything that would stop a job, short of reading its rows. Changes nothing, throws only for bugs. */
export async function validateJob(
  settings: Settings,
  name: string,
  load: () => Promise<Job>,
  date: string | undefined,
  context: ValidationContext,
): Promise<JobValidation> {
  const checks: string[] = [];
  const problems: PredawnError[] = [];

  const job = await attempt(load);
  if (job === undefined) return { job: name, checks, problems };
  checks.push(`job file ${job.path}`);

  const opened = await attempt(() => loadAndOpenArtefact(settings, job, context.services));
  const artefact = opened?.artefact;
  if (artefact !== undefined) {
    checks.push(`model ${artefactLabel(artefact)} ${artefact.digest.slice(0, 19)}…`);
    problems.push(...withoutProfile(job, artefact));
  }

  const binding = await attempt(() => bindToSource(settings, job, artefact, date, context, checks));
  await attempt(() => {
    if (opened !== undefined && binding !== undefined) askedFigures(job, opened.artefact, binding, opened);
    return Promise.resolve();
  });
  await attempt(() =>
    using(context.services.openPublication(settings), async (publication) => {
      if (artefact === undefined || binding === undefined) return;
      const found = await publication.check(describeTarget(job, artefact, binding));
      problems.push(...found);
      if (found.length === 0) checks.push(`destination ${publication.location}, table ${job.output.table}`);
    }),
  );
  return { job: name, checks, problems };

  async function attempt<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof PredawnError)) throw error;
      problems.push(...(error.problems.length > 0 ? error.problems : [error]));
      return undefined;
    }
  }
}

/** A run goes on without them, so that an older version can be made live again at any time, and says so. */
function withoutProfile({ name, gates }: Job, artefact: Artefact): PredawnError[] {
  const asked = (['score_shift', 'feature_shift'] as const).filter((gate) => gates?.[gate] !== undefined);
  if (artefact.profile !== undefined || asked.length === 0) return [];
  const label = artefactLabel(artefact);
  return [
    new PredawnError(
      'configuration',
      'gate.no_profile',
      `${name}: ${asked.join(' and ')} can tell nothing, since ${label} has no profile.`,
      {
        hint: 'Add its model again with predawn model add, --golden or --profile, and promote that version.',
      },
    ),
  ];
}

async function loadAndOpenArtefact(
  settings: Settings,
  job: Job,
  services: Services,
): Promise<{ readonly artefact: Artefact } & Pick<Model, 'knownCategories'>> {
  const artefact = await pinArtefact(await services.openRegistry(settings), job, settings.environment.name);
  return using(openVerifiedModel(artefact, services), (model) =>
    Promise.resolve({ artefact, knownCategories: () => model.knownCategories() }),
  );
}

async function bindToSource(
  settings: Settings,
  job: Job,
  artefact: Artefact | undefined,
  date: string | undefined,
  context: ValidationContext,
  checks: string[],
) {
  const fixed = fixDate(job, { date, force: true }, context.now());
  const { services, signal } = context;
  return using(services.openSource({ settings, job, ...fixed, signal }), async (source) => {
    checks.push(`input ${source.location}, ${source.description.columns.length} columns`);
    if (artefact === undefined) return undefined;
    const binding = await bindJob(job, artefact, source);
    if (binding.unusedColumns.length > 0)
      checks.push(`columns not used: ${binding.unusedColumns.join(', ')}`);
    return binding;
  });
}
