import type { BlockDecoder, BlockEncoder, DecoderSpec, EncoderSpec } from '../../domain/codecs.js';
import type { Block, DecodedBlock, DecodePlan, OutputColumn, OutputValues } from '../../domain/columns.js';
import { describeError, PredawnError } from '../../domain/errors.js';
import { hashKeys } from '../../domain/key-hash.js';
import type { Model, ModelSignature, OutputTensor } from '../../domain/model.js';
import { pickKeys, pickRows } from '../../domain/pick-rows.js';
import { keyPositions } from '../../domain/sticky-share.js';
import { countChangedLabels, labelOutputs, pairScores, scoreAt } from '../gate/score-columns.js';
import { inspectScores } from '../score-faults.js';
import { alignRows, onlyIn } from './align-rows.js';
import type { CandidateFailure, CandidateOutcome, CandidatePlan } from './candidate-plan.js';
import { mergeOutputs } from './merge-outputs.js';

/** A block that the live version has scored. */
export interface LiveBlock {
  readonly block: Block;
  readonly decoded: DecodedBlock;
  /** In the order of the live version's outputs; none where there are no rows. */
  readonly scores: readonly OutputTensor[];
  readonly outputs: readonly OutputValues[];
}

/** What comes of scoring a block with a candidate. */
export interface BesideBlock {
  readonly outcome: CandidateOutcome;
  /** With a canary: what to publish, and which artefact scored each row (0: live, 1: candidate). */
  readonly merged: { readonly outputs: readonly OutputValues[]; readonly scoredBy: Int32Array } | undefined;
}

export interface CandidateScorer {
  score(live: LiveBlock): Promise<BesideBlock>;
  close(): Promise<void>;
}

interface CandidateCodecs {
  openDecoder(spec: DecoderSpec, plan: DecodePlan): Promise<BlockDecoder>;
  openEncoder(spec: EncoderSpec): Promise<BlockEncoder>;
  openModel(bytes: Uint8Array<SharedArrayBuffer>, signature: ModelSignature): Promise<Model>;
}

/**
 * Opens a candidate beside the live version. What it can't do, be it to open or to score, is an outcome and never
 * throws: the live version's rows must come out as if there were no candidate.
 */
export async function openCandidateScorer(
  plan: CandidatePlan,
  source: DecoderSpec,
  codecs: CandidateCodecs,
): Promise<CandidateScorer> {
  try {
    const { joined, shadow } = plan;
    const model = await codecs.openModel(plan.model, plan.signature);
    const decoder = joined.isFirst ? undefined : await codecs.openDecoder(source, joined.plan);
    const encoder = shadow && (await codecs.openEncoder(shadow.encoder));
    const score = scoreWith(plan, model, decoder, encoder);
    return {
      score: (live) => score(live).catch((error: unknown) => failed(error)),
      close: () => model.close(),
    };
  } catch (error) {
    return { score: () => Promise.resolve(failed(error)), close: () => Promise.resolve() };
  }
}

function failed(error: unknown): BesideBlock {
  return { outcome: failureOf(error), merged: undefined };
}

export function failureOf(error: unknown): CandidateFailure {
  const code = error instanceof PredawnError ? error.code : 'candidate.threw';
  return { problem: { code, message: describeError(error) } };
}

function scoreWith(
  plan: CandidatePlan,
  model: Model,
  decoder: BlockDecoder | undefined,
  encoder: BlockEncoder | undefined,
): (live: LiveBlock) => Promise<BesideBlock> {
  const { live: published, joined, outputs: columns, signature, mode } = plan;
  const { pairs } = pairScores({ signature, outputs: columns }, published);
  const labels = [labelOutputs(signature), labelOutputs(published.signature)] as const;
  const comparesLabels = labels[0].length === labels[1].length;
  const isChosen = choose(plan);

  return async (live) => {
    const { decoded } = live;
    const both = decoder === undefined ? decoded : decoder.decode(live.block);
    const chosen = chosenRows(decoded, both, isChosen);
    const { rows, bothRows } = chosen;
    const tensors = joined.second.map((input) => {
      const { width } = joined.plan.inputs[input]!;
      return bothRows.length === both.rows
        ? both.tensors[input]!
        : pickRows(both.tensors[input]!, width, bothRows);
    });
    const scores = rows.length === 0 ? [] : await model.score(tensors, rows.length);
    const outputs = rows.length === 0 ? [] : outputValues(columns, signature, scores);
    const keys = rows.length === decoded.rows ? decoded.keys : decoded.keys.map((key) => pickKeys(key, rows));
    const changedLabels = () =>
      countChangedLabels(
        labels[0].map((output) => scores[output]!),
        labels[1].map((output) =>
          pickRows(live.scores[output]!, published.signature.outputs[output]!.width, rows),
        ),
        rows.length,
      );
    return {
      outcome: {
        read: rows.length + chosen.rejects.length,
        rows: rows.length,
        rejects: chosen.rejects,
        inexactIntegers: both.inexactIntegers,
        faults: inspectScores(outputs, keys, rows.length),
        scores: pairs.flatMap(({ first, second }) => [
          Float64Array.from(rows, (_, row) => scoreAt(scores, first, row)),
          Float64Array.from(rows, (row) => scoreAt(live.scores, second, row)),
        ]),
        changedLabels: comparesLabels && rows.length > 0 ? changedLabels() : 0,
        shadow: encoder && {
          payload: encoder.encode({
            rows: rows.length,
            keys,
            outputs: rows.length === 0 ? [] : outputs,
          }),
          keyHashes: plan.shadow?.hashKeys === true ? hashKeys(keys, rows.length) : undefined,
        },
      },
      merged: mode === 'canary' ? mergeOutputs(live.outputs, outputs, rows, decoded.rows) : undefined,
    };
  };
}

/** Which of the live version's rows are the candidate's. */
function choose({ mode, share, name }: CandidatePlan): (decoded: DecodedBlock, row: number) => boolean {
  if (mode === 'shadow' || share >= 1) return () => true;
  const positions = keyPositions(name);
  return ({ keys }, row) => positions.of(keys, row) < share;
}

/** Rows that the candidate scores, in both decodings, and those of its share that it can't take. */
function chosenRows(
  decoded: DecodedBlock,
  both: DecodedBlock,
  isChosen: (decoded: DecodedBlock, row: number) => boolean,
) {
  const aligned = both === decoded ? undefined : alignRows(decoded, both);
  const refused = aligned === undefined ? [] : onlyIn(both.rejects, decoded.rejects);
  const rows: number[] = [];
  const bothRows: number[] = [];
  const rejects: DecodedBlock['rejects'][number][] = [];
  let missing = 0;
  for (let row = 0; row < decoded.rows; row++) {
    const bothRow = aligned === undefined ? row : aligned[row]!;
    const reject = bothRow < 0 ? refused[missing++] : undefined;
    if (!isChosen(decoded, row)) continue;
    if (reject !== undefined) rejects.push(reject);
    else {
      rows.push(row);
      bothRows.push(bothRow);
    }
  }
  return { rows, bothRows, rejects };
}

function outputValues(
  columns: readonly OutputColumn[],
  { outputs }: ModelSignature,
  scores: readonly OutputTensor[],
): OutputValues[] {
  return columns.map((column) => ({
    column,
    data: scores[column.output]!,
    offset: column.element,
    stride: outputs[column.output]!.width,
  }));
}
