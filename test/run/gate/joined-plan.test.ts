import { describe, expect, it } from 'vitest';
import type { DecodePlan, FeatureSlot, MissingPolicy } from '../../../src/domain/columns.js';
import { joinPlans } from '../../../src/run/gate/joined-plan.js';

const REJECT: MissingPolicy = { then: 'reject', tokens: [] };

/** A plan whose inputs are these columns of a source `id, a, b, c`, in tensors of their own or in one matrix. */
function plan(...inputs: (string | readonly string[])[]): DecodePlan {
  const columns = ['id', 'a', 'b', 'c'];
  const features = inputs.flatMap((names, input): FeatureSlot[] =>
    [names].flat().map((column, offset) => ({
      ...{ column, sourceIndex: columns.indexOf(column), type: 'float32', missing: REJECT, input, offset },
    })),
  );
  return {
    columns,
    keys: [{ column: 'id', sourceIndex: 0, type: 'text' }],
    features: features.sort((one, other) => one.sourceIndex - other.sourceIndex),
    inputs: inputs.map((names, index) => ({
      name: `x${index}`,
      type: 'float32',
      width: [names].flat().length,
    })),
  };
}

describe('joined plans', () => {
  it('are one where both models take the same columns, in whatever order and under whatever names', () => {
    const first = plan('a', ['b', 'c']);
    expect(joinPlans(first, plan(['b', 'c'], 'a'))).toEqual({ plan: first, second: [1, 0], isFirst: true });
    expect(joinPlans(first, plan('a'))).toEqual({ plan: first, second: [0], isFirst: true });
  });

  it('have a tensor more for each that the first model does not take', () => {
    const { plan: joined, second, isFirst } = joinPlans(plan('b'), plan('a', 'b', ['c', 'b']));
    expect([second, isFirst]).toEqual([[1, 0, 2], false]);
    expect(joined.inputs.map(({ width }) => width)).toEqual([1, 1, 2]);
    expect(joined.features.map(({ column, input, offset }) => [column, input, offset])).toEqual([
      ['a', 1, 0],
      ['b', 0, 0],
      ['b', 2, 1],
      ['c', 2, 0],
    ]);
  });

  it('keep apart what is read in other ways', () => {
    const first = plan('a');
    const filled: DecodePlan = {
      ...first,
      features: first.features.map((slot) => ({ ...slot, missing: { then: 'fill', value: 0, tokens: [] } })),
    };
    expect(joinPlans(first, filled)).toMatchObject({ second: [1], isFirst: false });
    expect(joinPlans(first, plan(['a', 'b']))).toMatchObject({ second: [1], isFirst: false });
  });
});
