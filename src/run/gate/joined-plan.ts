import { isDeepStrictEqual } from 'node:util';
import type { DecodePlan, FeatureSlot } from '../../domain/columns.js';

/** One plan that fills the tensors of two models, so that both score the very same rows. */
export interface JoinedPlan {
  readonly plan: DecodePlan;
  /** Where each of the second model's tensors is in `plan.inputs`; the first model's are the first ones, in order. */
  readonly second: readonly number[];
  /** Whether the second model needs no tensor that the first does not. */
  readonly isFirst: boolean;
}

/**
 * Joins the plans of two models for one source and job: a tensor that both fill from the same columns in the same way is
 * decoded once. A row that either can't take is rejected.
 */
export function joinPlans(first: DecodePlan, second: DecodePlan): JoinedPlan {
  const tensors = tensorsOf(first).map(withoutIndex);
  const inputs = [...first.inputs];
  const features = [...first.features];
  const places = tensorsOf(second).map((tensor) => {
    const same = tensors.findIndex((known) => isDeepStrictEqual(known, withoutIndex(tensor)));
    if (same >= 0) return same;
    features.push(...tensor.slots.map((slot) => ({ ...slot, input: inputs.length })));
    return inputs.push(tensor.input) - 1;
  });
  features.sort((a, b) => a.sourceIndex - b.sourceIndex);
  return {
    plan: { ...first, inputs, features },
    second: places,
    isFirst: inputs.length === first.inputs.length,
  };
}

interface Tensor {
  readonly input: DecodePlan['inputs'][number];
  readonly slots: readonly FeatureSlot[];
}

function tensorsOf({ inputs, features }: DecodePlan): Tensor[] {
  return inputs.map((input, index) => ({ input, slots: features.filter((slot) => slot.input === index) }));
}

function withoutIndex({ input, slots }: Tensor): unknown {
  return { type: input.type, width: input.width, slots: slots.map((slot) => ({ ...slot, input: 0 })) };
}
