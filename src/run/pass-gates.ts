import { combine } from '../domain/errors.js';
import type { Job, Settings } from '../domain/job.js';
import type { AcceptedGates, GateResult } from '../domain/job-gates.js';
import type { LedgerDate } from '../domain/ledger.js';
import type { RowStage, StagedOutput } from '../domain/publication.js';
import { mergeOffending } from '../domain/offending.js';
import { failedGates } from './gates.js';
import { judgeJobGates } from './job-gates/judge.js';
import { askSql } from './job-gates/sql-checks.js';
import type { RunContext } from './run-request.js';
import type { Tally } from './tally.js';
import { using } from './using.js';

/** How far back gates look for slices: half a year and some holidays. */
const LOOK_BACK_DAYS = 30 * 7;
const DAY = 86_400_000;

export interface PassingRequest {
  readonly settings: Settings;
  readonly job: Job;
  readonly asOf: string;
  /** `name@version`. */
  readonly artefact: string;
  readonly accept: AcceptedGates | undefined;
  /** Whether all rows of the input were read. */
  readonly isWhole: boolean;
}

export interface Scored {
  readonly stage: Pick<RowStage, 'duplicateKeys' | 'select' | 'keepOffending'>;
  readonly tally: Tally;
  readonly staged: StagedOutput;
  /** Undefined where rejects are not kept. */
  readonly rejectsLocation: string | undefined;
}

/**
 * Throws every reason not to publish what is staged.
 *
 * @returns what came of the gates of the job file; those that warn are told to whoever listens to the run
 */
export async function passGates(
  request: PassingRequest,
  { stage, tally, staged, rejectsLocation }: Scored,
  context: RunContext,
): Promise<readonly GateResult[]> {
  const { job, asOf, artefact, accept } = request;
  const duplicateKeys = await stage.duplicateKeys(10);
  const failed = failedGates({ job, tally, staged, duplicateKeys, rejectsLocation });
  const known = await datesBefore(request, context);
  const sql = await askSql(job, stage);
  const facts = { job, asOf, artefact, tally, known, accept, sqlChecks: sql.findings, by: context.user };
  const judged = judgeJobGates(facts);
  const { results, blocked } = judged;
  const offending = mergeOffending(tally.offending ?? [], sql.rows).filter(({ gate, subject }) =>
    judged.failed.includes(gate === 'checks' ? subject : gate),
  );
  if (offending.length > 0) await stage.keepOffending(offending);
  for (const { gate, status, detail } of results) {
    if (status === 'warned' || status === 'accepted') context.onEvent({ kind: 'gate', gate, status, detail });
  }
  failed.push(...blocked);
  if (failed.length > 0) throw combine(failed, `${failed.length} gates failed; nothing was published.`);
  return results;
}

/** Of the ledger, where a gate compares with them; undefined where not all rows were read, and no gate may compare. */
async function datesBefore(
  { settings, job, asOf, isWhole }: PassingRequest,
  { services }: RunContext,
): Promise<readonly LedgerDate[] | undefined> {
  if (!isWhole) return undefined;
  const { row_count, score_shift, feature_shift } = job.gates ?? {};
  const compares = row_count ?? score_shift?.slices ?? feature_shift?.slices;
  if (compares === undefined) return [];
  const day = (before: number) => new Date(Date.parse(asOf) - before * DAY).toISOString().slice(0, 10);
  return using(services.openLedger(settings), (ledger) =>
    ledger.dates({ job: job.name, from: day(LOOK_BACK_DAYS), to: day(1) }),
  );
}
