import type { BlockDecoder, BlockEncoder, DecoderSpec, EncoderSpec } from '../domain/codecs.js';
import type {
  Block,
  DecodedBlock,
  DecodePlan,
  OutputColumn,
  OutputValues,
  Reject,
} from '../domain/columns.js';
import { failpoint } from '../domain/failpoint.js';
import { hashKeys } from '../domain/key-hash.js';
import type { Model, ModelSignature } from '../domain/model.js';
import { type AskedFigures, type BlockFigures, blockFigures } from './block-figures.js';
import type { CandidateOutcome, CandidatePlan } from './rollout/candidate-plan.js';
import { openCandidateScorer } from './rollout/candidate-scorer.js';
import { openRowRules } from './row-rules.js';
import { inspectScores, type ScoreFault } from './score-faults.js';

/** What a thread needs to score blocks. Plain data: it crosses to worker threads by structured clone. */
export interface ScoringPlan {
  readonly decoder: DecoderSpec;
  readonly decode: DecodePlan;
  readonly signature: ModelSignature;
  /** Shared, not copied, between threads. */
  readonly model: Uint8Array<SharedArrayBuffer>;
  readonly outputs: readonly OutputColumn[];
  readonly encoder: EncoderSpec;
  readonly hashKeys: boolean;
  /** Stop after so many scored rows (`--limit`); only where one thread scores. */
  readonly limit: number | undefined;
  readonly figures?: AskedFigures | undefined;
  /** A shadow or canary that scores beside the model. */
  readonly candidate?: CandidatePlan | undefined;
}

/** One block, scored and encoded. */
export interface ScoredBlock {
  readonly sequence: number;
  /** Size of the input block. */
  readonly bytes: number;
  readonly payload: Uint8Array<ArrayBuffer>;
  readonly read: number;
  readonly rows: number;
  readonly lines: number;
  readonly rejects: readonly Reject[];
  readonly inexactIntegers: number;
  readonly faults: readonly ScoreFault[];
  readonly figures?: BlockFigures | undefined;
  readonly keyHashes: BigUint64Array<ArrayBuffer> | undefined;
  /** What the plan's candidate gave. */
  readonly candidate?: CandidateOutcome | undefined;
}

/** The implementations that a plan's specs name; `block-wiring.ts` has the real ones. */
export interface Codecs {
  openDecoder(spec: DecoderSpec, plan: DecodePlan): Promise<BlockDecoder>;
  openEncoder(spec: EncoderSpec): Promise<BlockEncoder>;
  openModel(bytes: Uint8Array<SharedArrayBuffer>, signature: ModelSignature): Promise<Model>;
}

/** Scores blocks, one at a time. */
export interface BlockScorer {
  score(block: Block): Promise<ScoredBlock>;
  close(): Promise<void>;
}

/**
 * The whole work on a block: bytes -> tensors -> scores -> bytes. Runs in a worker thread, or inline. `opened` is the
 * plan's model where this thread has it open; closing the scorer closes it.
 */
export async function openBlockScorer(
  plan: ScoringPlan,
  codecs: Codecs,
  opened?: Model,
): Promise<BlockScorer> {
  const [decoder, model, encoder] = await Promise.all([
    codecs.openDecoder(plan.decoder, plan.decode),
    opened ?? codecs.openModel(plan.model, plan.signature),
    codecs.openEncoder(plan.encoder),
  ]);
  const rules =
    plan.figures?.rules &&
    (await openRowRules(plan.figures.rules, { keys: plan.decode.keys, outputs: plan.outputs }));
  const candidate = plan.candidate && (await openCandidateScorer(plan.candidate, plan.decoder, codecs));
  let remaining = plan.limit ?? Infinity;

  return {
    async score(block) {
      await failpoint('scoring');
      const decoded = truncate(decoder.decode(block), remaining, plan.decode);
      remaining -= decoded.rows;
      const scores = decoded.rows === 0 ? [] : await model.score(decoded.tensors, decoded.rows);
      const outputs = decoded.rows === 0 ? [] : outputValues(plan, scores);
      const beside = candidate && (await candidate.score({ block, decoded, scores, outputs }));
      const scored = { rows: decoded.rows, keys: decoded.keys, outputs, ...beside?.merged };
      return {
        sequence: block.sequence,
        bytes: block.bytes.length,
        payload: encoder.encode(scored),
        read: decoded.read,
        rows: decoded.rows,
        lines: decoded.lines,
        rejects: decoded.rejects,
        inexactIntegers: decoded.inexactIntegers,
        faults: inspectScores(outputs, decoded.keys, decoded.rows),
        figures:
          plan.figures && blockFigures(plan.figures, plan.decode, decoded, outputs, rules?.count(scored)),
        keyHashes: plan.hashKeys ? hashKeys(decoded.keys, decoded.rows) : undefined,
        candidate: beside?.outcome,
      };
    },
    async close() {
      await candidate?.close();
      await model.close();
    },
  };
}

function outputValues(plan: ScoringPlan, scores: Awaited<ReturnType<Model['score']>>): OutputValues[] {
  return plan.outputs.map((column) => ({
    column,
    data: scores[column.output]!,
    offset: column.element,
    stride: plan.signature.outputs[column.output]!.width,
  }));
}

/** The first `limit` rows of a block, with all of its rejects. */
function truncate(decoded: DecodedBlock, limit: number, plan: DecodePlan): DecodedBlock {
  if (decoded.rows <= limit) return decoded;
  return {
    ...decoded,
    read: limit + decoded.rejects.length,
    rows: limit,
    tensors: decoded.tensors.map((tensor, input) => tensor.subarray(0, limit * plan.inputs[input]!.width)),
    keys: decoded.keys.map((key) => ({ ...key, offsets: key.offsets.subarray(0, limit + 1) })),
  };
}
