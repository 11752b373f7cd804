import { bind, type Binding } from '../../domain/binding.js';
import type { Block } from '../../domain/columns.js';
import { PredawnError } from '../../domain/errors.js';
import type { GateDate } from '../../domain/gate.js';
import type { Job, Settings } from '../../domain/job.js';
import type { Model } from '../../domain/model.js';
import type { RunEvent } from '../../domain/run-events.js';
import type { Source } from '../../domain/source.js';
import { dataWindow } from '../../domain/window.js';
import { scoreInOrder } from '../pipeline.js';
import type { Services } from '../services.js';
import { startTally, type RunningTally, type Tally } from '../tally.js';
import { using } from '../using.js';
import { startBlockTimes } from './block-times.js';
import { type RunningComparison, type ScoreComparison, startComparison } from './comparison.js';
import type { Meters } from './meters.js';
import { openSideBySide } from './side-by-side.js';

/** A version whose model is open. */
export interface OpenVersion {
  /** `churn@4`. */
  readonly label: string;
  readonly model: Model;
}

export interface ReplayRequest {
  readonly settings: Settings;
  readonly job: Job;
  readonly dates: readonly string[];
  readonly candidate: OpenVersion;
  /** What is live; why it can't be opened; undefined where nothing is. */
  readonly incumbent: OpenVersion | PredawnError | undefined;
}

export interface ReplayContext {
  readonly services: Pick<Services, 'openSource' | 'codecs'>;
  readonly signal: AbortSignal;
  readonly meters: Meters;
  onEvent(event: RunEvent): void;
}

/** What scoring real rows showed. */
export interface Replay {
  readonly dates: readonly GateDate[];
  readonly tally: Tally;
  /** Milliseconds of scoring for 1,000 rows, 95th percentile over blocks; undefined where no row was scored. */
  readonly millisecondsPer1kRows: number | undefined;
  /** Of this process since it started, in bytes; both models are open in it. */
  readonly peakRss: number;
  /** Undefined where nothing is live; an error where that can't score the rows. */
  readonly comparison: ScoreComparison | PredawnError | undefined;
}

/**
 * Scores the rows of some data dates with a candidate, and beside it with what is live, and publishes nothing.
 *
 * @throws PredawnError where the candidate can't score the job's rows at all, or where an input turns out not to be whole
 */
export async function replay(request: ReplayRequest, context: ReplayContext): Promise<Replay> {
  const { incumbent } = request;
  const state: ReplayState = {
    tally: startTally(),
    times: startBlockTimes(),
    incumbent: incumbent instanceof PredawnError ? undefined : incumbent,
    problem: incumbent instanceof PredawnError ? incumbent : undefined,
    comparison: undefined,
    bytes: 0,
  };
  const dates: GateDate[] = [];
  for (const date of request.dates) dates.push(await replayDate(date, request, context, state));
  return {
    dates,
    tally: state.tally.read(),
    millisecondsPer1kRows: state.times.percentile95(),
    peakRss: context.meters.peakRss(),
    comparison: state.problem ?? state.comparison?.read(),
  };
}

/** What all dates add to. */
interface ReplayState {
  readonly tally: RunningTally;
  readonly times: ReturnType<typeof startBlockTimes>;
  /** Undefined as soon as it failed. */
  incumbent: OpenVersion | undefined;
  problem: PredawnError | undefined;
  comparison: RunningComparison | undefined;
  bytes: number;
}

async function replayDate(
  date: string,
  request: ReplayRequest,
  context: ReplayContext,
  state: ReplayState,
): Promise<GateDate> {
  const { settings, job } = request;
  const opening = context.services.openSource({
    settings,
    job,
    asOf: date,
    window: dataWindow(date, job.timezone),
    signal: context.signal,
  });
  let source: Source;
  try {
    source = await opening;
  } catch (error) {
    if (!(error instanceof PredawnError) || error.kind !== 'input') throw error;
    return absentDate(date, error.message);
  }
  return using(Promise.resolve(source), async () => {
    const before = state.tally.read();
    await replaySource(source, request, context, state);
    const { fingerprint } = await source.summary();
    const { read, rejected } = state.tally.read();
    const rows = read - before.read;
    const absent = rows === 0 ? `${source.location} has no rows for ${date}.` : null;
    return {
      ...{ date, input: source.location, fingerprint, rows, absent },
      rejected: rejected - before.rejected,
    };
  });
}

function absentDate(date: string, absent: string): GateDate {
  return { date, input: null, fingerprint: null, rows: 0, rejected: 0, absent };
}

async function replaySource(
  source: Source,
  { job, candidate }: ReplayRequest,
  context: ReplayContext,
  state: ReplayState,
): Promise<void> {
  const bound = { model: candidate.model, binding: bindTo(source, job, candidate) };
  const live = bindIncumbent(source, job, state);
  if (live !== undefined) {
    state.comparison ??= startComparison(
      { signature: bound.model.signature, outputs: bound.binding.outputs },
      { signature: live.model.signature, outputs: live.binding.outputs },
    );
  }
  const { codecs } = context.services;
  const scorer = await openSideBySide(bound, live, source.description, codecs, () => context.meters.clock());
  const pool = { depth: 1, score: (block: Block) => scorer.score(block) };
  for await (const { block, rejects } of scoreInOrder(source.blocks(context.signal), pool, source)) {
    context.signal.throwIfAborted();
    state.tally.add(block, rejects);
    state.times.add(block.rows, block.milliseconds);
    if (block.compared instanceof PredawnError) {
      state.problem ??= block.compared;
      state.incumbent = undefined;
    } else if (block.compared !== undefined) {
      state.comparison?.add(block.compared);
    }
    state.bytes += block.bytes;
    const { scored, rejected } = state.tally.read();
    context.onEvent({ kind: 'scored', rows: scored, rejected, bytes: state.bytes });
  }
}

function bindTo(source: Source, job: Job, { label, model }: OpenVersion): Binding {
  return bind(job, model.signature, source.description, { modelLabel: label, sourceLabel: source.location });
}

/** What is live may not fit a job file that was written for the candidate: then it can't be compared with. */
function bindIncumbent(source: Source, job: Job, state: ReplayState) {
  const { incumbent } = state;
  if (incumbent === undefined) return undefined;
  try {
    return { model: incumbent.model, binding: bindTo(source, job, incumbent) };
  } catch (error) {
    if (!(error instanceof PredawnError)) throw error;
    state.problem ??= error;
    state.incumbent = undefined;
    return undefined;
  }
}
