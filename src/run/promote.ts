import { PredawnError } from '../domain/errors.js';
import type { GateReport } from '../domain/gate.js';
import type { Job, Project, Settings } from '../domain/job.js';
import type { AliasMove, Artefact, LiveVersion, Registry } from '../domain/registry.js';
import { acceptFailures, requireChecks } from './gate/accept.js';
import { type GateContext, runGate } from './gate/run-gate.js';

/** A version that is to become live in an environment. */
export interface PromotionAsked {
  readonly registry: Registry;
  readonly project: Project;
  readonly name: string;
  readonly version: number;
  readonly environment: string;
  /** Checks that may fail, all for one reason. */
  readonly accept: readonly string[];
  readonly reason: string | undefined;
  readonly by: string;
  /** See `GateRequest`. */
  readonly replayed: () => Promise<{ readonly settings: Settings; readonly job: Job }>;
  readonly date: string | undefined;
}

export interface Promotion {
  readonly move: AliasMove;
  /** Undefined where the environment has no gate, or where nothing had to be moved. */
  readonly report: GateReport | undefined;
  /** Whether the version was live already. */
  readonly unchanged: boolean;
}

/**
 * Makes a version live in an environment, if it is live in the one before it and passes the gate.
 *
 * @throws PredawnError kind `data` where the gate fails (`details.gate` has the report), `configuration` where the
 *   version is not live in the environment before, `usage` for something to accept that is no check, `unavailable` where
 *   somebody moved an alias that this was decided on
 */
export async function promote(asked: PromotionAsked, context: GateContext): Promise<Promotion> {
  const { registry, name, version, environment, by, reason } = asked;
  const rules = rulesOf(asked.project, environment);
  requireAcceptable(asked);

  const live = await registry.alias(name, environment);
  const base = { name, version, environment, by, reason };
  if (live?.version === version) {
    return { move: await registry.promote(base), report: undefined, unchanged: true };
  }

  const candidate = await registry.load(name, version);
  await requireLiveBefore(asked, candidate);
  const report = rules.gate && (await runGate({ ...asked, rules: rules.gate, candidate, live }, context));
  const accepted = report && acceptFailures(report, asked.accept, reason);

  // A gate takes a while: what it was decided on must still be so.
  await requireLiveBefore(asked, candidate);
  context.signal.throwIfAborted();
  const move = await registry.promote({
    ...base,
    expectedFrom: live?.version ?? null,
    gate: report && { ...report },
    accepted: accepted === undefined || accepted.length === 0 ? undefined : accepted,
  });
  return { move, report, unchanged: false };
}

/**
 * Runs the gate of an environment for a version, and moves nothing.
 *
 * @returns the report, whether it passed or not
 * @throws PredawnError kind `configuration` where the environment has no gate; and see `runGate`
 */
export async function tryGate(
  asked: Omit<PromotionAsked, 'accept' | 'reason' | 'by'>,
  context: GateContext,
): Promise<GateReport> {
  const { registry, name, version, environment, project } = asked;
  const { gate } = rulesOf(project, environment);
  if (gate === undefined) throw noGate(project, environment);
  const [live, candidate] = [await registry.alias(name, environment), await registry.load(name, version)];
  return runGate({ ...asked, rules: gate, candidate, live }, context);
}

function rulesOf({ promotion }: Project, environment: string) {
  return (
    (Object.hasOwn(promotion, environment) ? promotion[environment] : undefined) ?? {
      after: undefined,
      gate: undefined,
    }
  );
}

function requireAcceptable({ accept, reason, project, environment }: PromotionAsked): void {
  if (accept.length === 0) return;
  const { gate } = rulesOf(project, environment);
  if (gate === undefined) {
    throw new PredawnError('usage', 'accept.no_gate', `${environment} has no gate to accept a check of.`, {
      hint: 'Leave --accept out.',
    });
  }
  requireChecks(accept, gate, environment);
  if (reason !== undefined && reason.trim() !== '') return;
  throw new PredawnError('usage', 'accept.reason', `--accept needs a reason: it is kept in the history.`, {
    hint: 'Add --reason TEXT.',
  });
}

/** The same bytes must be live where they are tried first. */
export async function requireLiveBefore(
  {
    registry,
    project,
    name,
    version,
    environment,
  }: Pick<PromotionAsked, 'registry' | 'project' | 'name' | 'version' | 'environment'>,
  { digest }: Artefact,
): Promise<void> {
  const { after } = rulesOf(project, environment);
  if (after === undefined) return;
  const before = await registry.alias(name, after);
  if (before?.version === version && before.digest === digest) return;
  throw new PredawnError(
    'configuration',
    'promote.not_live_before',
    `${name}@${version} can't go to ${environment}: it must be live in ${after} first, where ${liveText(name, before)}.`,
    { hint: `predawn model promote ${name} ${version} --to ${after}` },
  );
}

function liveText(name: string, live: LiveVersion | undefined): string {
  return live === undefined ? 'nothing is live' : `${name}@${live.version} is`;
}

function noGate({ path: file }: Project, environment: string): PredawnError {
  return new PredawnError('configuration', 'gate.none', `Environment ${environment} has no gate.`, {
    hint: `Define environments.${environment}.gate in ${file}; without it, promote moves at once.`,
  });
}
