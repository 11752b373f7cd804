import type { Job } from '../domain/job.js';
import { PredawnError } from '../domain/errors.js';
import type { RowStage } from '../domain/publication.js';
import type { Receipt } from '../domain/receipt.js';
import type { ShardStage } from '../domain/sharded-publication.js';
import type { Source } from '../domain/source.js';
import { bindJob } from './bind-job.js';
import type { ScoredBlock } from './block-scorer.js';
import { type RunFacts, scoringPlan } from './attempt.js';
import { openPool } from './scorer-pool.js';
import { stageInOrder } from './stage-in-order.js';
import type { RunningTally } from './tally.js';
import { using } from './using.js';

/** Mended rows, in place of the rejected ones of an input. */
export interface Replay {
  readonly facts: NonNullable<Receipt['replay']>;
  /** The stage for the input's own blocks: the rows that are rejected of it are kept nowhere. */
  withoutRejects(stage: ShardStage): ShardStage;
  /** Counts a block of the input without them. */
  setAside(block: ScoredBlock, tally: RunningTally): void;
  /** Scores and stages the mended rows, after all others; those that are rejected again are kept and counted. */
  score(stage: RowStage, tally: RunningTally): Promise<void>;
  close(): Promise<void>;
}

/** Works with the mended rows that a run is given, if it is given any. */
export async function withReplay<T>(facts: RunFacts, work: (facts: RunFacts) => Promise<T>): Promise<T> {
  const { replay: file } = facts.request;
  if (file === undefined) return work(facts);
  return using(openReplay(file, facts), (replay) => work({ ...facts, replay }));
}

/**
 * Opens a file of mended rows, as `predawn rejects --csv` wrote it. It stands for the rejected rows of the input, one row
 * for each: so the account of the run is that of the input, and no row can be lost on the way.
 *
 * @throws PredawnError kind `usage`, code `replay.query`, for a job that reads a query, `replay.columns` for a file with
 *   other columns; and what opening an input throws
 */
async function openReplay(
  file: string,
  facts: Pick<RunFacts, 'request' | 'context' | 'date' | 'artefact' | 'model' | 'source'>,
): Promise<Replay> {
  const { request, context, date, artefact, source } = facts;
  const { settings } = request;
  const job = replayedJob(request.job, file, source);
  const mended = await context.services.openSource({ settings, job, ...date, signal: context.signal });
  try {
    requireColumns(request.job, source, mended);
    const fingerprint = (await mended.fingerprint(context.signal))!;
    let rejected = 0;
    return {
      facts: { file: mended.location, fingerprint },
      withoutRejects: (stage) => ({
        append: (block) => stage.append(block),
        reject: () => Promise.resolve(),
      }),
      setAside(block, tally) {
        rejected += block.rejects.length;
        tally.add({ ...block, read: block.rows }, []);
      },
      async score(stage, tally) {
        const binding = await bindJob(job, artefact, mended);
        const plan = scoringPlan({ ...facts, source: mended, binding }, stage);
        let rows = 0;
        await using(openPool(plan, { ...context.services, workers: 0 }), async (pool) => {
          const blocks = mended.blocks(context.signal);
          for await (const placed of stageInOrder(blocks, pool, mended, stage, context.signal)) {
            tally.add(placed.block, placed.rejects);
            rows += placed.block.read;
          }
        });
        await mended.summary();
        if (rows !== rejected) throw otherRows(request.job, date.asOf, file, rows, rejected);
      },
      close: () => mended.close(),
    };
  } catch (error) {
    await mended.close();
    throw error;
  }
}

/** Whether what is published has the mended rows that a run would put there. An ordinary run leaves them where they are. */
export function sameReplay(published: Receipt['replay'], now: Replay | undefined): boolean {
  return now === undefined || published?.fingerprint === now.facts.fingerprint;
}

function replayedJob(job: Job, file: string, { description }: Source): Job {
  const { csv } = job.input;
  if (csv === undefined || description.decoder.kind !== 'csv')
    throw new PredawnError(
      'usage',
      'replay.query',
      `${job.name} reads a query: its rows can't come from a file.`,
      {
        hint: 'Mend the rows in the source database, and run the date again: only the rows that differ are changed.',
      },
    );
  // An editor may leave out the last line end, and nothing of the day depends on it.
  return { ...job, input: { csv: { ...csv, path: file, finalNewline: 'optional' }, query: undefined } };
}

function requireColumns(job: Job, source: Source, mended: Source): void {
  const names = ({ description }: Source) => description.columns.map(({ name }) => name).join(', ');
  if (names(source) === names(mended)) return;
  throw new PredawnError(
    'usage',
    'replay.columns',
    `${mended.location} has other columns than the input of ${job.name}: ${names(mended)}.`,
    { hint: `It must begin with the input's own header line: ${names(source)}` },
  );
}

function otherRows(job: Job, asOf: string, file: string, rows: number, rejected: number): PredawnError {
  return new PredawnError(
    'data',
    'replay.rows',
    `${file} has ${rows} rows, and ${rejected} of the input of ${job.name} for ${asOf} are rejected: it must have one for each. Nothing was published.`,
    {
      hint: 'Write the file anew with predawn rejects <attempt> --csv, and mend the rows in it; leave those in that can not be mended: they are rejected again, and limits.rejects says how many may be.',
    },
  );
}
