import type { GateResult } from '../domain/job-gates.js';
import type { PublishedSlice, Publishing, RowStage, StagedOutput } from '../domain/publication.js';
import type { Receipt } from '../domain/receipt.js';
import type { RolloutReport } from '../domain/rollout.js';
import type { Binding } from '../domain/binding.js';
import type { Manifest } from '../domain/registry.js';
import type { InputSummary, Source } from '../domain/source.js';
import type { RunFacts } from './attempt.js';
import { gateWarnings } from './job-gates/judge.js';
import { rolloutWarnings } from './rollout/warnings.js';
import type { Tally } from './tally.js';

/** What a receipt says of a run before any row was read. */
export interface ReceiptFacts extends Pick<
  RunFacts,
  'request' | 'context' | 'date' | 'publication' | 'attempt' | 'rollout' | 'stopped' | 'replay'
> {
  readonly artefact: { readonly manifest: Pick<Manifest, 'name' | 'version'>; readonly digest: string };
  readonly source: Pick<Source, 'location'>;
  readonly binding: Pick<Binding, 'outputs' | 'unusedColumns'>;
  /** How many, where the run was in shards. */
  readonly shards?: number | undefined;
}

export interface RunFigures {
  readonly tally: Tally;
  readonly staged: StagedOutput;
  /** Undefined where the input was not read to its end (`--limit`). */
  readonly input: InputSummary | undefined;
  readonly stage: Pick<RowStage, 'rejectsLocation'>;
  readonly rollout: RolloutReport | undefined;
  /** What came of the gates of the job file. */
  readonly gates?: readonly GateResult[] | undefined;
}

/** What became of the rows: published, kept beside the slice, or dropped. */
export type Disposition =
  | { readonly kind: 'published'; readonly publishing: Publishing }
  | { readonly kind: 'staged'; readonly location: string }
  | { readonly kind: 'dry-run' };

/** The receipt of a run that scored. */
export function completeReceipt(
  facts: ReceiptFacts,
  { tally, staged, input, stage, gates = [], rollout = facts.stopped?.report }: RunFigures,
  disposition: Disposition,
): Receipt {
  const { request, source, publication, attempt, binding } = facts;
  const { job } = request;
  const { kind } = disposition;
  const publishing = kind === 'published' ? disposition.publishing : undefined;
  return {
    ...identity(facts),
    outcome: kind,
    ...(facts.shards !== undefined && { shards: facts.shards }),
    rollout,
    ...(facts.replay !== undefined && { replay: facts.replay.facts }),
    ...(gates.length > 0 && { gates }),
    ...(tally.distributions !== undefined && { distributions: tally.distributions }),
    published_attempt_id: kind === 'published' ? attempt.id : undefined,
    replaced_attempt_id: publishing?.replaced,
    rows: { read: tally.read, scored: tally.scored, rejected: tally.rejected },
    rejects: tally.rejectsByCode,
    rejects_location: tally.rejected > 0 && kind !== 'dry-run' ? stage.rejectsLocation : undefined,
    inexact_integers: tally.inexactIntegers,
    input: { location: source.location, fingerprint: input?.fingerprint, bytes: input?.bytes },
    output: {
      location: kind === 'published' ? staged.location : kind === 'staged' ? disposition.location : undefined,
      digest: staged.digest,
      rows: staged.rows,
      columns: [
        'as_of',
        ...job.key,
        ...binding.outputs.map(({ name }) => name),
        'artefact',
        'attempt_id',
        'scored_at',
      ],
    },
    changes: publishing?.changes,
    how_to_look: kind === 'published' ? publication.howToLook(attempt.target, attempt.asOf) : undefined,
    unused_columns: binding.unusedColumns,
    warnings: [
      ...(input?.warnings ?? []),
      ...inexactWarning(tally),
      ...gateWarnings(gates),
      ...rolloutWarnings(facts, rollout),
    ],
  };
}

/** The receipt of a run that found its work done: the published one's figures under this attempt's name. */
export function unchangedReceipt(facts: ReceiptFacts, published: PublishedSlice): Receipt {
  return {
    ...published.receipt,
    ...identity(facts),
    ...rolloutOf(facts, published),
    outcome: 'unchanged',
    published_attempt_id: published.attemptId,
    replaced_attempt_id: undefined,
    changes: undefined,
  };
}

/** A canary that failed is news once. */
function rolloutOf(facts: ReceiptFacts, { receipt }: PublishedSlice): Pick<Receipt, 'rollout' | 'warnings'> {
  const { stopped } = facts;
  if (stopped !== undefined)
    return {
      rollout: stopped.report,
      warnings: [...receipt.warnings, ...rolloutWarnings(facts, stopped.report)],
    };
  const { rollout, warnings } = receipt;
  const isOver = rollout?.mode === 'canary' && rollout.outcome === 'failed';
  return { rollout: isOver ? undefined : rollout, warnings };
}

function identity({ request, context, date, artefact, attempt }: ReceiptFacts) {
  const { job, settings } = request;
  const finished = context.now();
  return {
    attempt_id: attempt.id,
    job: attempt.job,
    environment: settings.environment.name,
    as_of: date.asOf,
    timezone: job.timezone,
    window: date.window,
    artefact: {
      name: artefact.manifest.name,
      version: artefact.manifest.version,
      digest: artefact.digest,
    },
    job_file: { path: job.path, digest: job.digest },
    started_at: attempt.startedAt,
    finished_at: finished.toISOString(),
    seconds: (finished.getTime() - Date.parse(attempt.startedAt)) / 1000,
    versions: context.services.versions,
  };
}

function inexactWarning({ inexactIntegers }: Tally): string[] {
  if (inexactIntegers === 0) return [];
  return [`${inexactIntegers} integers were rounded to fit the model's float inputs`];
}
