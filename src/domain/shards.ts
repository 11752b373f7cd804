import { PredawnError } from './errors.js';
import type { Attempt } from './publication.js';
import type { AttemptStatus, RuntimeVersions } from './receipt.js';
import type { InputSummary } from './source.js';
import type { Tally } from './tally.js';

/** A fixed part of an input. Plain data: it is kept with its attempt, and any machine can find it again. */
export interface Shard {
  /** [from, to) in the source's own measure: bytes of a file's text, rows of a query. */
  readonly from: number;
  readonly to: number;
  /** As `Source.linesBefore`: lines of the whole input before this part. */
  readonly linesBefore: number;
  /** Bytes of the input's rows before this part, and in it. */
  readonly bytesBefore: number;
  readonly bytes: number;
  /** `sha256:<hex>`, as `ShardHash` makes it: what is read later must be what was planned. */
  readonly digest: string;
}

/** A whole input, cut. */
export interface ShardedInput {
  readonly summary: InputSummary;
  /** In input order; each row is in one of them. Some are empty where there are few rows. */
  readonly shards: readonly Shard[];
}

/** All that scoring a shard and publishing them must know. Plain data, fixed when the attempt opens. */
export interface ShardPlan {
  readonly attempt: Attempt;
  /** As `Source.location`. */
  readonly location: string;
  readonly input: ShardedInput;
  /** How many rows the input must have, where something tells. */
  readonly expectedRows: number | undefined;
  readonly unusedColumns: readonly string[];
  /** What scores and encodes: the shards of an attempt all have the same. */
  readonly versions: Pick<RuntimeVersions, 'predawn' | 'onnxruntime'>;
}

/** What a shard says of itself when it commits, once and for all. */
export interface ShardManifest {
  /** Counted from 0. */
  readonly shard: number;
  /** Rows staged. */
  readonly rows: number;
  /** `sha256:<hex>` of the encoded rows. */
  readonly digest: string;
  readonly tally: Tally;
}

/** An attempt in shards as the ledger has it. */
export interface ShardedAttempt {
  readonly plan: ShardPlan;
  readonly status: AttemptStatus;
  /** Of the shards that are committed, in order. */
  readonly manifests: readonly ShardManifest[];
}

/** Shards that no manifest is there for, ascending. */
export function missingShards({ plan, manifests }: ShardedAttempt): readonly number[] {
  const committed = new Set(manifests.map(({ shard }) => shard));
  return plan.input.shards.map((_, shard) => shard).filter((shard) => !committed.has(shard));
}

/** Throws kind `unavailable`, code `shards.missing`, unless every shard has its manifest. */
export function requireComplete(sharded: ShardedAttempt): void {
  const missing = missingShards(sharded);
  if (missing.length === 0) return;
  const { attempt, input } = sharded.plan;
  throw new PredawnError(
    'unavailable',
    'shards.missing',
    `${attempt.job} for ${attempt.asOf}: ${missing.length} of ${input.shards.length} shards of attempt ${attempt.id} are not scored yet: ${missing.join(', ')}.`,
    {
      hint: `Score them: predawn score --attempt ${attempt.id} --shard ${missing[0]}; or all of them here, and publish: predawn run ${attempt.job} --date ${attempt.asOf} --resume`,
      details: { missing },
    },
  );
}

/** Whether a failure would meet the same attempt again: its input or its scores are at fault, not the moment. */
export function endsAttempt(error: Pick<PredawnError, 'kind'>): boolean {
  return error.kind === 'data' || error.kind === 'input';
}
