import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bind } from '../../src/domain/binding.js';
import type { FeatureType, KeyType } from '../../src/domain/columns.js';
import { PredawnError } from '../../src/domain/errors.js';
import type { Job } from '../../src/domain/job.js';
import type { ModelInput, ModelOutput, ModelSignature } from '../../src/domain/model.js';
import type { SourceColumn, SourceDescription } from '../../src/domain/source.js';

const ALL: ReadonlySet<FeatureType> = new Set(['float32', 'float64', 'int64', 'int32', 'bool', 'string']);
const CONTEXT = { modelLabel: 'churn@3', sourceLabel: 'churn/2026-11-20.csv' };

function csv(...names: string[]): SourceDescription {
  return source(...names.map((name) => ({ name, typeName: 'text', feeds: ALL, keyType: 'text' as const })));
}

function source(...columns: SourceColumn[]): SourceDescription {
  return { columns, decoder: { kind: 'csv', delimiter: ',', quote: '"' } };
}

function column(name: string, typeName: string, feeds: FeatureType[], keyType?: KeyType): SourceColumn {
  return { name, typeName, feeds: new Set(feeds), keyType };
}

function input(
  name: string,
  type: FeatureType = 'float32',
  shape: (number | null)[] = [null, 1],
): ModelInput {
  return { name, type, shape };
}

const LABEL: ModelOutput = {
  name: 'output_label',
  role: 'label',
  type: 'text',
  width: 1,
  classes: undefined,
};
const PROBABILITIES: ModelOutput = {
  name: 'output_probability',
  role: 'probabilities',
  type: 'float4',
  width: 2,
  classes: ['no', 'yes'],
};
const VALUE: ModelOutput = { name: 'variable', role: 'value', type: 'float4', width: 1, classes: undefined };

function signature(inputs: ModelInput[], outputs: ModelOutput[] = [VALUE]): ModelSignature {
  return { inputs, outputs, fixedBatch: undefined };
}

type Changes = Partial<Pick<Job, 'key' | 'features' | 'missing' | 'gates'>> & {
  columns?: Record<string, string>;
};

function job({ columns, ...changes }: Changes = {}): Job {
  return {
    name: 'churn',
    path: 'jobs/churn.yaml',
    digest: 'sha256:00',
    model: 'churn',
    schedule: undefined,
    timezone: 'UTC',
    input: { csv: undefined, query: undefined },
    key: ['id'],
    features: {},
    missing: {},
    limits: { rejects: { count: 0 }, inexactIntegers: { count: 0 }, minRows: 1 },
    ...changes,
    output: { table: 'churn_predictions', format: 'parquet', columns },
  };
}

/** Every problem of a binding that must fail. */
function problems(theJob: Job, theSignature: ModelSignature, theSource: SourceDescription) {
  try {
    bind(theJob, theSignature, theSource, CONTEXT);
  } catch (error) {
    if (!(error instanceof PredawnError)) throw error;
    expect(error.kind).toBe('configuration');
    const all = error.problems.length > 0 ? error.problems : [error];
    return all.map(({ code, message, hint }) => ({ code, message, hint: hint ?? '' }));
  }
  throw new Error('the binding was expected to fail');
}

describe('features', () => {
  it('finds columns by name, whatever their order, and lists the others', () => {
    const { plan, keys, unusedColumns } = bind(
      job(),
      signature([input('age', 'int64'), input('city', 'string', [null])]),
      csv('city', 'note', 'id', 'age'),
      CONTEXT,
    );
    expect(plan).toEqual({
      columns: ['city', 'note', 'id', 'age'],
      keys: [{ column: 'id', sourceIndex: 2, type: 'text' }],
      features: [
        {
          column: 'city',
          sourceIndex: 0,
          type: 'string',
          missing: { then: 'reject', tokens: [] },
          input: 1,
          offset: 0,
        },
        {
          column: 'age',
          sourceIndex: 3,
          type: 'int64',
          missing: { then: 'reject', tokens: [] },
          input: 0,
          offset: 0,
        },
      ],
      inputs: [
        { name: 'age', type: 'int64', width: 1 },
        { name: 'city', type: 'string', width: 1 },
      ],
    });
    expect(keys).toEqual([{ name: 'id', type: 'text' }]);
    expect(unusedColumns).toEqual(['note']);
  });

  it('is plain data that crosses to a worker thread', () => {
    const { plan } = bind(
      job({ missing: { a: { tokens: [], then: { fill: 7 } } } }),
      signature([input('a', 'int64')]),
      csv('id', 'a'),
      CONTEXT,
    );
    expect(structuredClone(plan)).toEqual(plan);
  });

  it('puts the columns of a matrix in the order that the job lists them', () => {
    const { plan } = bind(
      job({ features: { X: ['c', 'a', 'b'] } }),
      signature([input('X', 'float32', [null, 3])]),
      csv('a', 'id', 'b', 'c'),
      CONTEXT,
    );
    expect(plan.inputs).toEqual([{ name: 'X', type: 'float32', width: 3 }]);
    expect(plan.features.map(({ column, offset, sourceIndex }) => [column, offset, sourceIndex])).toEqual([
      ['a', 1, 0],
      ['b', 2, 2],
      ['c', 0, 3],
    ]);
  });

  it('gives any permutation of columns the same tensors', () => {
    const names = ['id', 'a', 'b', 'c', 'd', 'e'];
    fc.assert(
      fc.property(
        fc.shuffledSubarray(names, { minLength: 6 }),
        fc.shuffledSubarray(['a', 'b', 'c'], { minLength: 3 }),
        (order, matrix) => {
          const { plan } = bind(
            job({ features: { X: matrix } }),
            signature([input('X', 'float32', [null, 3]), input('d')]),
            csv(...order),
            CONTEXT,
          );
          for (const slot of plan.features) {
            expect(order[slot.sourceIndex]).toBe(slot.column);
            expect(slot.input === 0 ? matrix[slot.offset] : 'd').toBe(slot.column);
          }
          const indices = plan.features.map((slot) => slot.sourceIndex);
          expect(indices).toEqual([...indices].sort((a, b) => a - b));
        },
      ),
    );
  });

  it('takes the width of an open matrix from the list, and one column for a matrix of one', () => {
    const { plan } = bind(
      job({ features: { X: ['a', 'b'], y: ['a'], z: 'b' } }),
      signature([input('X', 'float32', [null, null]), input('y'), input('z', 'float32', [64, null])]),
      csv('id', 'a', 'b'),
      CONTEXT,
    );
    expect(plan.inputs.map(({ width }) => width)).toEqual([2, 1, 1]);
  });

  it('uses a column as key and as feature', () => {
    const { plan, unusedColumns } = bind(job(), signature([input('id', 'int64')]), csv('id'), CONTEXT);
    expect(plan.keys).toHaveLength(1);
    expect(plan.features).toHaveLength(1);
    expect(unusedColumns).toEqual([]);
  });

  it('suggests the column that an exporter renamed', () => {
    const [problem] = problems(
      job(),
      signature([input('education_num')]),
      csv('id', 'education-num', 'education'),
    );
    expect(problem).toEqual({
      code: 'bind.column_unknown',
      message:
        'Input "education_num" of churn@3 needs column "education_num", which churn/2026-11-20.csv does not have.',
      hint: 'If it is column "education-num", write under features: education_num: education-num',
    });
  });

  it('suggests columns that differ in case or a letter, and lists all where none is near', () => {
    const inputs = [input('totalcharges'), input('tenur'), input('zzzz')];
    const [byCase, byLetter, none] = problems(job(), signature(inputs), csv('id', 'TotalCharges', 'tenure'));
    expect(byCase?.hint).toContain('totalcharges: TotalCharges');
    expect(byLetter?.hint).toContain('tenur: tenure');
    expect(none?.hint).toContain('There are: id, TotalCharges, tenure.');
  });

  it('says what to write for a matrix, with the columns where they fit', () => {
    const matrix = signature([input('X', 'float32', [null, 2])]);
    const [fits] = problems(job(), matrix, csv('id', 'fixed acidity', 'pH'));
    expect(fits?.code).toBe('bind.input_matrix');
    expect(fits?.hint).toContain('X: [fixed acidity, pH]');
    const [unclear] = problems(job(), matrix, csv('id', 'a', 'b', 'c'));
    expect(unclear?.hint).toContain('X: [first_column, second_column, …]');
  });

  it.each([
    [
      'a list that is too short',
      { X: ['a', 'b'] },
      'bind.input_width',
      'lists 2 columns, but that input of churn@3 takes 3 columns',
    ],
    ['one column for a matrix', { X: 'a' }, 'bind.input_width', 'lists 1 column,'],
    ['a column twice', { X: ['a', 'b', 'a'] }, 'bind.input_repeats', 'lists "a" more than once'],
    ['an unknown column', { X: ['a', 'b', 'cc'] }, 'bind.column_unknown', 'needs column "cc"'],
  ])('refuses %s', (_, features, code, message) => {
    const found = problems(
      job({ features }),
      signature([input('X', 'float32', [null, 3])]),
      csv('id', 'a', 'b', 'c'),
    );
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ code, message: expect.stringContaining(message) as string });
  });

  it('refuses an entry for an input that the model does not have', () => {
    const [problem] = problems(
      job({ features: { agee: 'a' } }),
      signature([input('age')]),
      csv('id', 'age', 'a'),
    );
    expect(problem).toMatchObject({ code: 'bind.input_unknown', hint: 'Did you mean "age"?' });
  });

  it('refuses inputs that are no rows of a table', () => {
    for (const shape of [[], [null, 3, 224]]) {
      const [problem] = problems(job(), signature([input('image', 'float32', shape)]), csv('id', 'image'));
      expect(problem?.code).toBe('bind.input_rank');
    }
  });

  it('refuses a column whose type the input can not take', () => {
    const [problem] = problems(
      job(),
      signature([input('since', 'float32')]),
      source(
        column('id', 'integer', ['int64'], 'int4'),
        column('since', 'timestamptz', ['string'], 'timestamptz'),
      ),
    );
    expect(problem).toMatchObject({
      code: 'bind.column_type',
      message: expect.stringContaining('timestamptz') as string,
    });
  });

  it('refuses a name that two columns of a query have, but only where it is used', () => {
    const [key, feature] = problems(job(), signature([input('a')]), csv('id', 'a', 'a', 'id'));
    expect([key?.code, feature?.code]).toEqual(['bind.column_ambiguous', 'bind.column_ambiguous']);
    expect(() => bind(job(), signature([input('a')]), csv('id', 'a', 'x', 'x'), CONTEXT)).not.toThrow();
  });
});

describe('keys', () => {
  it('keeps their types and the order of the job', () => {
    const columns = source(
      column('region', 'smallint', ['int64'], 'int2'),
      column('a', 'real', ['float32']),
      column('id', 'uuid', ['string'], 'uuid'),
    );
    const { keys, plan } = bind(job({ key: ['id', 'region'] }), signature([input('a')]), columns, CONTEXT);
    expect(keys).toEqual([
      { name: 'id', type: 'uuid' },
      { name: 'region', type: 'int2' },
    ]);
    expect(plan.keys.map(({ sourceIndex }) => sourceIndex)).toEqual([2, 0]);
  });

  it('refuses one that is not there, or of a type that can not identify', () => {
    const columns = source(
      column('customer_id', 'text', ['string'], 'text'),
      column('a', 'real', ['float32']),
    );
    const found = problems(job({ key: ['customerid', 'a'] }), signature([input('a')]), columns);
    expect(found.map(({ code }) => code)).toEqual(['bind.key_unknown', 'bind.key_type']);
    expect(found[0]?.hint).toBe('Did you mean "customer_id"?');
  });
});

describe('missing rules', () => {
  it.each<[FeatureType, string | number | boolean, number | bigint | boolean | string]>([
    ['float32', 0.5, 0.5],
    ['float64', 1e300, 1e300],
    ['int64', 7, 7n],
    ['int64', '9223372036854775807', 9223372036854775807n],
    ['int64', '-9223372036854775808', -9223372036854775808n],
    ['int32', -2147483648, -2147483648],
    ['bool', false, false],
    ['string', 'unknown', 'unknown'],
    ['string', '', ''],
  ])('fills %s with %j', (type, fill, value) => {
    const { plan } = bind(
      job({ missing: { a: { tokens: ['NA'], then: { fill } } } }),
      signature([input('a', type)]),
      csv('id', 'a'),
      CONTEXT,
    );
    expect(plan.features[0]?.missing).toEqual({ then: 'fill', value, tokens: ['NA'] });
  });

  it.each<[FeatureType, string | number | boolean]>([
    ['float32', 1e39],
    ['float32', '0.5'],
    ['float64', true],
    ['int64', 0.5],
    ['int64', 2 ** 53],
    ['int64', '9223372036854775808'],
    ['int64', ' 7'],
    ['int32', 2147483648],
    ['int32', true],
    ['bool', 0],
    ['bool', 'false'],
    ['string', 0],
  ])('refuses to fill %s with %j', (type, fill) => {
    const found = problems(
      job({ missing: { a: { tokens: [], then: { fill } } } }),
      signature([input('a', type)]),
      csv('id', 'a'),
    );
    expect(found).toHaveLength(1);
    expect(found[0]?.code).toBe('bind.missing_action');
  });

  it('gives NaN to floats only', () => {
    for (const type of ALL) {
      const rule = job({ missing: { a: { tokens: [' '], then: 'nan' } } });
      const model = signature([input('a', type)]);
      if (type === 'float32' || type === 'float64') {
        const { plan } = bind(rule, model, csv('id', 'a'), CONTEXT);
        expect(plan.features[0]?.missing).toEqual({ then: 'nan', tokens: [' '] });
      } else {
        expect(problems(rule, model, csv('id', 'a'))[0]?.message).toContain(
          `takes ${type}, which has no NaN`,
        );
      }
    }
  });

  it('goes by the name of the column, also where the input is called differently', () => {
    const features = { education_num: 'education-num' };
    const rule = { tokens: ['?'], then: 'nan' } as const;
    const model = signature([input('education_num')]);
    const { plan } = bind(
      job({ features, missing: { 'education-num': rule } }),
      model,
      csv('id', 'education-num'),
      CONTEXT,
    );
    expect(plan.features[0]?.missing.then).toBe('nan');
    const [problem] = problems(
      job({ features, missing: { education_num: rule } }),
      model,
      csv('id', 'education-num'),
    );
    expect(problem?.hint).toBe("Use the column's name, education-num, not the model's.");
  });

  it('refuses rules for keys, for unused columns and for columns that are not there', () => {
    const rule = { tokens: [], then: 'reject' } as const;
    const found = problems(
      job({ missing: { id: rule, note: rule, agee: rule } }),
      signature([input('age')]),
      csv('id', 'age', 'note'),
    );
    expect(found.map(({ code }) => code)).toEqual([
      'bind.missing_key',
      'bind.missing_unused',
      'bind.missing_unknown',
    ]);
    expect(found[2]?.hint).toBe('Did you mean "age"?');
  });

  it('refuses a gate on columns that no input takes, or whose missing values are filled in', () => {
    const columns = { age: 0.1, tenure: 0.1, note: 0.1, agee: 0.1 };
    const found = problems(
      job({
        gates: { missing: { action: 'block', columns } },
        missing: { tenure: { tokens: [], then: { fill: 0 } }, age: { tokens: [], then: 'nan' } },
      }),
      signature([input('age'), input('tenure')]),
      csv('id', 'age', 'tenure', 'note'),
    );
    expect(found.map(({ code, message }) => [code, /"(.*)"/.exec(message)?.[1]])).toEqual([
      ['bind.gate_unknown', 'note'],
      ['bind.gate_unknown', 'agee'],
      ['bind.gate_filled', 'tenure'],
    ]);
    expect(found[1]?.hint).toBe('Did you mean "age"?');
  });

  it('refuses gates on features and scores that are none', () => {
    const gate = { action: 'block', psi: 0.25 } as const;
    const found = problems(
      job({
        gates: {
          feature_shift: { ...gate, columns: { age: 1, agee: 1 } },
          score_shift: { ...gate, columns: { probability_yes: 1, label: 1 } },
        },
      }),
      signature([input('age')], [LABEL, PROBABILITIES]),
      csv('id', 'age'),
    );
    expect(found.map(({ code, message }) => [code, /"(.*)"/.exec(message)?.[1]])).toEqual([
      ['bind.gate_unknown', 'agee'],
      ['bind.gate_unknown', 'label'],
    ]);
    expect(found[1]?.hint).toContain('Published scores: probability_no, probability_yes');
  });
});

describe('outputs', () => {
  const classifier = signature([input('a')], [LABEL, PROBABILITIES]);
  const published = (theJob: Job, model: ModelSignature) =>
    bind(theJob, model, csv('id', 'a'), CONTEXT).outputs.map(({ name, output, element }) => [
      name,
      output,
      element,
    ]);

  it('publishes everything where the job names nothing', () => {
    const { outputs } = bind(job(), classifier, csv('id', 'a'), CONTEXT);
    expect(outputs).toEqual([
      {
        name: 'label',
        type: 'text',
        output: 0,
        element: 0,
        description: 'Predicted class, from output "output_label" of model churn.',
        probability: false,
      },
      {
        name: 'probability_no',
        type: 'float4',
        output: 1,
        element: 0,
        description: 'Probability of class "no", from output "output_probability" of model churn.',
        probability: true,
      },
      {
        name: 'probability_yes',
        type: 'float4',
        output: 1,
        element: 1,
        description: 'Probability of class "yes", from output "output_probability" of model churn.',
        probability: true,
      },
    ]);
  });

  it.each<[string, Partial<ModelOutput>, string[]]>([
    ['one value', {}, ['variable']],
    ['a name that SQL would not like', { name: 'Dense-Layer/out:0' }, ['dense_layer_out_0']],
    ['several values', { width: 3 }, ['variable_0', 'variable_1', 'variable_2']],
    ['named values', { width: 2, classes: ['Low risk', 'HIGH'] }, ['variable_low_risk', 'variable_high']],
    [
      'classes that differ in signs only',
      { role: 'probabilities', width: 2, classes: ['<=50K', '>50K'] },
      ['probability_0', 'probability_1'],
    ],
    [
      'classes of other scripts',
      { role: 'probabilities', width: 2, classes: ['Añejo', '新しい'] },
      ['probability_añejo', 'probability_新しい'],
    ],
    [
      'a nameless class',
      { role: 'probabilities', width: 2, classes: ['', 'x'] },
      ['probability_0', 'probability_1'],
    ],
    [
      'probabilities without classes',
      { role: 'probabilities', width: 2 },
      ['probability_0', 'probability_1'],
    ],
  ])('names %s', (_, changes, names) => {
    const model = signature([input('a')], [{ ...VALUE, ...changes }]);
    expect(published(job(), model).map(([name]) => name)).toEqual(names);
  });

  it('makes names unique and short enough for PostgreSQL', () => {
    const long = 'x'.repeat(80);
    const twice = signature(
      [input('a')],
      [LABEL, { ...VALUE, name: 'label' }, { ...VALUE, name: long }, { ...VALUE, name: `${long}y` }],
    );
    expect(published(job(), twice).map(([name]) => name)).toEqual([
      'label',
      'label_2',
      'x'.repeat(63),
      `${'x'.repeat(61)}_2`,
    ]);
  });

  it('keeps default names distinct and within 63 bytes whatever outputs and classes are called', () => {
    const outputs = fc.array(
      fc.record({
        name: fc.string({ unit: 'grapheme', maxLength: 90 }),
        role: fc.constantFrom('label' as const, 'probabilities' as const, 'value' as const),
        type: fc.constant('float4' as const),
        width: fc.constant(2),
        classes: fc.option(fc.tuple(fc.string({ maxLength: 90 }), fc.string({ maxLength: 90 })), {
          nil: undefined,
        }),
      }),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(outputs, (theOutputs) => {
        const id = 'the key is called otherwise';
        const { outputs: columns } = bind(
          job({ key: [id] }),
          signature([input('a')], theOutputs),
          csv(id, 'a'),
          CONTEXT,
        );
        const names = columns.map(({ name }) => name);
        expect(new Set(names).size).toBe(theOutputs.length * 2);
        for (const name of names) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
      }),
    );
  });

  it('finds outputs by name, by role, by class and by position', () => {
    const columns = {
      churn: 'label',
      again: 'output_label',
      risk: 'probabilities[yes]',
      safe: 'output_probability[no]',
    };
    expect(published(job({ columns }), classifier)).toEqual([
      ['churn', 0, 0],
      ['again', 0, 0],
      ['risk', 1, 1],
      ['safe', 1, 0],
    ]);
    const regressor = signature([input('a')], [{ ...VALUE, width: 3 }]);
    expect(published(job({ columns: { last: 'variable[2]' } }), regressor)).toEqual([['last', 0, 2]]);
  });

  it('prefers an output of that very name to a role, and names with brackets to positions', () => {
    const outputs = [LABEL, { ...VALUE, name: 'label' }, { ...VALUE, name: 'score[0]' }];
    const model = signature([input('a')], outputs);
    expect(published(job({ columns: { x: 'label', y: 'score[0]' } }), model)).toEqual([
      ['x', 1, 0],
      ['y', 2, 0],
    ]);
  });

  it.each([
    ['probabilities[Yes]', 'bind.output_element', 'output_probability[no], output_probability[yes]'],
    ['probabilities[0]', 'bind.output_element', 'output_probability[no], output_probability[yes]'],
    ['probabilities', 'bind.output_width', 'output_probability[no], output_probability[yes]'],
    ['output_lable', 'bind.output_unknown', 'Did you mean "output_label"?'],
    [
      'score',
      'bind.output_unknown',
      'There are: output_label, output_probability[no], output_probability[yes].',
    ],
    ['toString', 'bind.output_unknown', 'There are'],
  ])('refuses %s and says what there is', (expression, code, hint) => {
    const found = problems(job({ columns: { x: expression } }), classifier, csv('id', 'a'));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ code, hint: expect.stringContaining(hint) as string });
  });

  it('refuses an alias that two outputs could be', () => {
    const model = signature([input('a')], [LABEL, { ...LABEL, name: 'second' }]);
    expect(problems(job({ columns: { x: 'label' } }), model, csv('id', 'a'))[0]?.code).toBe(
      'bind.output_unknown',
    );
  });

  it.each([
    ['as_of', 'bind.name_taken'],
    ['Scored_At', 'bind.name_taken'],
    ['ctid', 'bind.name_taken'],
    ['ID', 'bind.name_taken'],
    ['ü'.repeat(32), 'bind.name_long'],
  ])('refuses to publish a column as %s', (name, code) => {
    const found = problems(job({ columns: { [name]: 'label' } }), classifier, csv('id', 'a'));
    expect(found.map((problem) => problem.code)).toEqual([code]);
  });

  it('refuses keys and columns that can not stand beside each other', () => {
    const [key] = problems(job({ key: ['as_of'] }), classifier, csv('as_of', 'a'));
    expect(key).toMatchObject({
      code: 'bind.name_taken',
      message: expect.stringContaining('key "as_of"') as string,
    });
    const [label] = problems(job({ key: ['label'] }), classifier, csv('label', 'a'));
    expect(label?.hint).toBe('Choose the names yourself under output.columns.');
    const [twice] = problems(job({ columns: { X: 'label', x: 'label' } }), classifier, csv('id', 'a'));
    expect(twice?.code).toBe('bind.name_taken');
  });
});

it('reports everything at once', () => {
  const broken = job({
    key: ['idd'],
    features: { nothing: 'a' },
    missing: { q: { tokens: [], then: 'nan' } },
    columns: { x: 'y' },
  });
  const run = () =>
    bind(broken, signature([input('b'), input('X', 'float32', [null, 4])]), csv('id', 'a'), CONTEXT);
  expect(run).toThrow(
    'jobs/churn.yaml: the job, churn@3 and churn/2026-11-20.csv do not fit together in 6 places.',
  );
});
