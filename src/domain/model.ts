import type { FeatureData, FeatureType, OutputData, OutputType } from './columns.js';

/** A model input. `null` in a shape is a dimension that the model leaves open; the first one is the batch. */
export interface ModelInput {
  readonly name: string;
  readonly type: FeatureType;
  readonly shape: readonly (number | null)[];
}

/** What the values of an output are: a predicted class, one probability per class, or anything else. */
export type OutputRole = 'label' | 'probabilities' | 'value';

export interface ModelOutput {
  readonly name: string;
  readonly role: OutputRole;
  /** The type its values are published with. */
  readonly type: OutputType;
  /** Values per row: 1, or K for `[N, K]`; measured on a probe, since declared shapes can be wrong. */
  readonly width: number;
  /** The class of each value, where the graph names them; length `width`. */
  readonly classes: readonly string[] | undefined;
}

/** What the model takes and gives. */
export interface ModelSignature {
  readonly inputs: readonly ModelInput[];
  readonly outputs: readonly ModelOutput[];
  /** The batch size, for a model exported with a fixed one. */
  readonly fixedBatch: number | undefined;
}

/** The categories that an encoder in a model knows of one element of an input; integers as texts. */
export interface KnownCategories {
  readonly input: string;
  readonly element: number;
  readonly categories: readonly string[];
}

/** Values of one output for `rows` rows, row-major, exactly `rows * width` long. */
export type OutputTensor = OutputData;

/**
 * A model that is ready to score, on the thread that opened it.
 *
 * To implement: `score` gives the same bits for a row whatever rows are beside it and however many there are, as
 * far as the runtime allows; pads and drops for a fixed batch; copies nothing it need not. The inputs must not be
 * changed until the promise settles (onnxruntime reads them late).
 */
export interface Model {
  readonly signature: ModelSignature;
  /** Of each element of an input that encoders read; found when it is asked. */
  knownCategories(): readonly KnownCategories[];
  /** `inputs` in the order of `signature.inputs`; the result in the order of `signature.outputs`. */
  score(inputs: readonly FeatureData[], rows: number): Promise<readonly OutputTensor[]>;
  close(): Promise<void>;
}
