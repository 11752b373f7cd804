import { PredawnError } from '../../domain/errors.js';
import type { GateCheck, GateReport, GateRules } from '../../domain/gate.js';
import type { Job, Settings } from '../../domain/job.js';
import type { Model } from '../../domain/model.js';
import type { Artefact, LiveVersion, Registry } from '../../domain/registry.js';
import { daysUpTo, yesterday } from '../../domain/window.js';
import { artefactLabel } from '../attempt.js';
import type { Services } from '../services.js';
import { using } from '../using.js';
import { replayChecks } from './checks.js';
import { type OpenVersion, type Replay, replay, type ReplayContext } from './replay.js';

/** What a gate is asked to look at. */
export interface GateRequest {
  readonly registry: Registry;
  readonly rules: GateRules;
  readonly candidate: Artefact;
  readonly environment: string;
  /** What is live in the environment. */
  readonly live: LiveVersion | undefined;
  /** The environment's settings and the job whose rows are scored; asked for only where the gate wants rows. */
  readonly replayed: () => Promise<{ readonly settings: Settings; readonly job: Job }>;
  /** The last data date to score; undefined: yesterday in the job's time zone. */
  readonly date: string | undefined;
}

export interface GateContext extends ReplayContext {
  readonly services: Pick<Services, 'openSource' | 'codecs' | 'versions'>;
  now(): Date;
  /** Opens a version's model and scores its golden rows; throws code `golden.mismatch` where they differ. */
  openVerified(artefact: Artefact): Promise<Model>;
}

/**
 * Looks at everything that an environment asks of a version, and moves nothing: its golden rows, and real rows scored
 * beside what is live. Every figure is in the report with its ceiling, whether it passed or not.
 *
 * @throws PredawnError where the gate can't be run: the job does not fit the model, the model does not load, an input is
 *   not whole, a database can't be reached
 */
export async function runGate(request: GateRequest, context: GateContext): Promise<GateReport> {
  const { rules, candidate, environment, live } = request;
  const { versions } = context.services;
  const started = context.now();
  const { manifest, digest } = candidate;

  const { check: golden, opened } = await goldenCheck(candidate, context);

  return using(opened(), async (model) => {
    const rows =
      rules.on === undefined
        ? undefined
        : await replayBeside({ label: artefactLabel(candidate), model }, request, context);
    const incumbent = live && `${manifest.name}@${live.version}`;
    const checks = [
      golden,
      ...(rows ? replayChecks({ rules, replay: rows.replay, incumbent, environment }) : []),
    ];
    return {
      model: manifest.name,
      environment,
      candidate: { version: manifest.version, digest },
      incumbent: live ?? null,
      passed: checks.every(({ status }) => status !== 'failed'),
      checks,
      job: rows ? { name: rows.job.name, digest: rows.job.digest } : null,
      dates: rows?.replay.dates ?? [],
      notes: rows ? notesOn(rows.replay) : [],
      started_at: started.toISOString(),
      seconds: (context.now().getTime() - started.getTime()) / 1000,
      versions,
    };
  });
}

/** Scores the golden rows, and gives the model to go on with: a whole report is worth more than one failure. */
async function goldenCheck(
  candidate: Artefact,
  context: GateContext,
): Promise<{ readonly check: GateCheck; readonly opened: () => Promise<Model> }> {
  const { golden, name, version, signature } = candidate.manifest;
  const base = { check: 'golden', unit: 'rows', ceiling: null } as const;
  const opened = () => context.services.codecs.openModel(candidate.model, signature);
  if (golden === undefined) {
    const detail = `${name}@${version} has no golden rows: it is unverified`;
    const hint = `Add the model once more with them: predawn model add ${name} FILE.onnx --golden ROWS.csv`;
    return { check: { ...base, status: 'failed', found: 0, detail, hint }, opened };
  }
  try {
    const model = await context.openVerified(candidate);
    const from =
      golden.expectedFrom === 'given' ? 'outputs that were given with it' : 'what it gave when it was added';
    const detail = `${golden.rows} rows as ${from}`;
    return {
      check: { ...base, status: 'passed', found: golden.rows, detail, hint: null },
      opened: () => Promise.resolve(model),
    };
  } catch (error) {
    if (!(error instanceof PredawnError) || error.code !== 'golden.mismatch') throw error;
    const { message: detail, hint = null } = error;
    return { check: { ...base, status: 'failed', found: null, detail, hint }, opened };
  }
}

async function replayBeside(
  candidate: OpenVersion,
  request: GateRequest,
  context: GateContext,
): Promise<{ job: Job; replay: Replay }> {
  const { settings, job } = await request.replayed();
  requireSameModel(job, request);
  const last = request.date ?? yesterday(context.now(), job.timezone);
  const dates = daysUpTo(last, request.rules.on!.dates, job.timezone);
  const scoreDates = (incumbent: OpenVersion | PredawnError | undefined) =>
    replay({ settings, job, dates, candidate, incumbent }, context);

  const { live } = request;
  if (live === undefined) return { job, replay: await scoreDates(undefined) };
  const opened = await openLive(request, live, context);
  if (opened instanceof PredawnError) return { job, replay: await scoreDates(opened) };
  return using(Promise.resolve(opened.model), async (model) => ({
    job,
    replay: await scoreDates({ label: opened.label, model }),
  }));
}

/** What is live may be damaged or gone: all the more reason to look at the candidate. */
async function openLive(
  { registry, candidate }: GateRequest,
  live: LiveVersion,
  { services }: GateContext,
): Promise<OpenVersion | PredawnError> {
  try {
    const artefact = await registry.load(candidate.manifest.name, live.version);
    const model = await services.codecs.openModel(artefact.model, artefact.manifest.signature);
    return { label: artefactLabel(artefact), model };
  } catch (error) {
    if (error instanceof PredawnError && error.kind === 'artefact') return error;
    throw error;
  }
}

function requireSameModel(job: Job, { candidate, environment }: GateRequest): void {
  const { name } = candidate.manifest;
  if (job.model === name) return;
  throw new PredawnError(
    'configuration',
    'gate.job',
    `The gate of ${environment} scores the rows of job ${job.name}, whose model is ${job.model}, not ${name}.`,
    {
      hint: `Leave job out under environments.${environment}.gate.on: then it is the job of whichever model is promoted.`,
    },
  );
}

function notesOn({ comparison, dates, tally }: Replay): string[] {
  const notes: string[] = [];
  if (comparison !== undefined && 'unpaired' in comparison && comparison.unpaired.length > 0) {
    notes.push(`Only one of both versions publishes ${comparison.unpaired.join(', ')}.`);
  }
  if (tally.inexactIntegers > 0)
    notes.push(`${tally.inexactIntegers} integers were rounded to fit float inputs.`);
  const absent = dates.filter((date) => date.absent !== null);
  if (absent.length > 0 && absent.length < dates.length) {
    notes.push(`${absent.length} of ${dates.length} data dates had no rows.`);
  }
  return notes;
}
