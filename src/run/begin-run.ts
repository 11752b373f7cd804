import type { Artefact, Registry } from '../domain/registry.js';
import { awaitInput } from './await-input.js';
import { fixDate, type FixedDate } from './fix-date.js';
import { pinArtefact } from './pin-artefact.js';
import type { RunContext, RunRequest } from './run-request.js';
import { timed } from './stages.js';

/** What a run is about, fixed before anything is opened. */
export interface BegunRun {
  readonly date: FixedDate;
  /** As `awaitInput` says. */
  readonly expectedRows: number | undefined;
  readonly registry: Registry;
  readonly artefact: Artefact;
}

/** Fixes the date, waits for its input, and pins the artefact. Throws what those throw. */
export async function beginRun(request: RunRequest, context: RunContext): Promise<BegunRun> {
  const { settings, job } = request;
  const date = fixDate(job, request, context.now());
  context.onEvent({ kind: 'dated', ...date });
  const expectedRows = await awaitInput(request, date, context);
  const registry = await context.services.openRegistry(settings);
  const artefact = await timed('artefact', context, pinArtefact(registry, job, settings.environment.name));
  return { date, expectedRows, registry, artefact };
}
