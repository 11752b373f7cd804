import type { BlockDecoder } from '../../domain/codecs.js';
import type { Binding } from '../../domain/binding.js';
import type { Block, DecodedBlock, OutputValues, Reject } from '../../domain/columns.js';
import { PredawnError } from '../../domain/errors.js';
import type { Model, OutputTensor } from '../../domain/model.js';
import type { SourceDescription } from '../../domain/source.js';
import type { Codecs } from '../block-scorer.js';
import { inspectScores, type ScoreFault } from '../score-faults.js';
import { joinPlans } from './joined-plan.js';

/** A model that is open, and how it is bound to the source of one data date. */
export interface BoundModel {
  readonly model: Model;
  readonly binding: Binding;
}

/** One block, scored by the candidate, and by the live version where there is one. */
export interface ComparedBlock {
  /** Size of the input block. */
  readonly bytes: number;
  readonly read: number;
  readonly rows: number;
  readonly lines: number;
  readonly rejects: readonly Reject[];
  readonly inexactIntegers: number;
  /** Of the candidate's `Model.score` alone: neither decoding nor the live version. */
  readonly milliseconds: number;
  /** The candidate's scores that no run would publish. */
  readonly faults: readonly ScoreFault[];
  /** Both models' outputs for the rows that both can take; or why the live version gave none. */
  readonly compared: ComparedRows | PredawnError | undefined;
}

export interface ComparedRows {
  readonly rows: number;
  readonly candidate: readonly OutputTensor[];
  readonly incumbent: readonly OutputTensor[];
}

export interface SideBySide {
  score(block: Block): Promise<ComparedBlock>;
}

/**
 * Scores blocks with two models, in columns, on this thread. Rows are decoded once where both models take the same
 * columns in the same way; where not, the candidate is measured on the rows that it can take, and both are compared on
 * the rows that both can.
 *
 * @param clock milliseconds from any start
 */
export async function openSideBySide(
  candidate: BoundModel,
  incumbent: BoundModel | undefined,
  { decoder: spec }: SourceDescription,
  codecs: Codecs,
  clock: () => number,
): Promise<SideBySide> {
  const { plan } = candidate.binding;
  const joined = incumbent && joinPlans(plan, incumbent.binding.plan);
  const decoder = await codecs.openDecoder(spec, plan);
  const joinedDecoder = joined && (joined.isFirst ? decoder : await codecs.openDecoder(spec, joined.plan));

  async function score(block: Block): Promise<ComparedBlock> {
    const decoded = decoder.decode(block);
    const { read, rows, lines, rejects, inexactIntegers, keys } = decoded;
    const began = clock();
    const outputs = await scores(candidate.model, decoded.tensors, rows);
    const milliseconds = clock() - began;
    const faults = rows === 0 ? [] : inspectScores(outputValues(candidate, outputs), keys, rows);
    const compared = joinedDecoder && (await compare(block, decoded, outputs, joinedDecoder));
    const bytes = block.bytes.length;
    return { bytes, read, rows, lines, rejects, inexactIntegers, milliseconds, faults, compared };
  }

  async function compare(
    block: Block,
    decoded: DecodedBlock,
    outputs: readonly OutputTensor[],
    bothDecoder: BlockDecoder,
  ): Promise<ComparedRows | PredawnError> {
    const isSame = bothDecoder === decoder;
    const { tensors, rows } = isSame ? decoded : bothDecoder.decode(block);
    const own = isSame ? outputs : await scores(candidate.model, tensors.slice(0, plan.inputs.length), rows);
    const theirs = joined!.second.map((place) => tensors[place]!);
    try {
      return { rows, candidate: own, incumbent: await scores(incumbent!.model, theirs, rows) };
    } catch (error) {
      // What is live fails on these rows: all the more reason to look at the candidate.
      if (error instanceof PredawnError && error.kind !== 'internal') return error;
      throw error;
    }
  }

  return { score };
}

async function scores(
  model: Model,
  tensors: DecodedBlock['tensors'],
  rows: number,
): Promise<readonly OutputTensor[]> {
  return rows === 0 ? [] : model.score(tensors, rows);
}

function outputValues({ model, binding }: BoundModel, outputs: readonly OutputTensor[]): OutputValues[] {
  return binding.outputs.map((column) => ({
    column,
    data: outputs[column.output]!,
    offset: column.element,
    stride: model.signature.outputs[column.output]!.width,
  }));
}
