import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { bind } from '../../src/domain/binding.js';
import type { FeatureType } from '../../src/domain/columns.js';
import { inferJob, type InferenceRequest } from '../../src/domain/inference.js';
import type { ModelInput, ModelOutput } from '../../src/domain/model.js';
import { nearest } from '../../src/domain/nearest.js';
import type { SourceDescription } from '../../src/domain/source.js';
import { yamlText } from '../../src/domain/yaml-text.js';
import { loadJobText } from '../config/load-job-text.js';

const ALL: ReadonlySet<FeatureType> = new Set(['float32', 'float64', 'int64', 'int32', 'bool', 'string']);
const OUTPUTS: ModelOutput[] = [
  { name: 'label', role: 'label', type: 'text', width: 1, classes: undefined },
  { name: 'probabilities', role: 'probabilities', type: 'float4', width: 2, classes: ['<=50K', 'more'] },
];

function csv(names: readonly string[]): SourceDescription {
  const columns = names.map((name) => ({ name, typeName: 'text', feeds: ALL, keyType: 'text' as const }));
  return { columns, decoder: { kind: 'csv', delimiter: ',', quote: '"' } };
}

/** Infers from lines of CSV without quotes. */
function infer(inputs: ModelInput[], lines: string[], more: Partial<InferenceRequest['input']> = {}) {
  const [header = [], ...rows] = lines.map((line) => line.split(','));
  const source = csv(header);
  const signature = { inputs, outputs: OUTPUTS, fixedBatch: undefined };
  const result = inferJob({
    jobName: 'income',
    modelName: 'income',
    signature,
    timezone: 'Europe/Madrid',
    input: { csv: 'data/{date}.csv', ...more },
    source,
    sampleRows: rows.map((row) => Object.fromEntries(header.map((name, index) => [name, row[index] ?? '']))),
  });
  return { ...result, signature, source };
}

function input(
  name: string,
  type: FeatureType = 'float32',
  shape: (number | null)[] = [null, 1],
): ModelInput {
  return { name, type, shape };
}

const CONTEXT = { modelLabel: 'income@1', sourceLabel: 'data/2026-11-20.csv' };

describe('inferJob', () => {
  it('writes a job that loads and binds as it stands', async () => {
    const { yaml, unmatched, signature, source } = infer(
      [input('education_num'), input('AGE', 'int64'), input('sex', 'string')],
      ['row,person_id,age,education-num,sex', '1,a,39,13,M', '1,b,40,?,F', '2,c,, ,F'],
    );
    expect(unmatched).toEqual([]);
    const job = await loadJobText('income', yaml);
    expect(job).toMatchObject({
      model: 'income',
      timezone: 'Europe/Madrid',
      key: ['person_id'],
      features: { education_num: 'education-num', AGE: 'age' },
      missing: { 'education-num': { tokens: [' ', '?'], then: 'nan' } },
    });
    const { plan, outputs } = bind(job, signature, source, CONTEXT);
    expect(plan.features.map(({ column }) => column)).toEqual(['age', 'education-num', 'sex']);
    expect(outputs.map(({ name }) => name)).toEqual(['label', 'probability_50k', 'probability_more']);
    expect(yaml).toContain('To fill them in instead: age: { then: 0 }');
  });

  it('lists the outputs so that their lines work once the comment signs are taken off', async () => {
    const { yaml, signature, source } = infer([input('a')], ['id,a', 'x,1']);
    const job = await loadJobText('income', yaml.replaceAll(/^ {2}# (columns:| {2})/gm, '  $1'));
    expect(job.output.columns).toEqual({
      label: 'label',
      probability_50k: 'probabilities[<=50K]',
      probability_more: 'probabilities[more]',
    });
    expect(bind(job, signature, source, CONTEXT).outputs).toHaveLength(3);
  });

  it('gives the only matrix the numeric columns in order, without the key', async () => {
    const { yaml, unmatched } = infer(
      [input('X', 'float32', [null, 3])],
      ['wine_id,fixed acidity,colour,pH,alcohol', '1,6.3,red,3.3,9.5', '2,7,white,,10'],
    );
    expect(unmatched).toEqual([]);
    const job = await loadJobText('income', yaml);
    expect(job.features).toEqual({ X: ['fixed acidity', 'pH', 'alcohol'] });
    expect(job.missing).toEqual({ pH: { tokens: [], then: 'nan' } });
  });

  it('decides nothing about a matrix that does not fit, and says so in a comment', async () => {
    const { yaml, unmatched, signature, source } = infer(
      [input('X', 'float32', [null, 3]), input('zip', 'string')],
      ['id,a,b,city', '1,6.3,3,Ávila', '2,7,4,Cuéllar'],
    );
    expect(unmatched.map(({ input: { name }, candidates }) => [name, candidates])).toEqual([
      ['X', ['a', 'b']],
      ['zip', []],
    ]);
    expect(yaml).toContain(
      '# TODO: this model input takes 3 columns of float32, in the order of its training. Perhaps:\n  # X: [a, b]',
    );
    expect(yaml).toContain('# zip: <column>');
    const job = await loadJobText('income', yaml);
    expect(() => bind(job, signature, source, CONTEXT)).toThrow('do not fit together in 2 places');
  });

  it('names the nearest columns of an input that has none', () => {
    const { unmatched } = infer([input('tenur')], ['id,tenure,tenure_m,other', '1,2,3,4']);
    expect(unmatched[0]?.candidates).toEqual(['tenure']);
  });

  it('does not choose between two columns that could be meant', () => {
    const { matched, unmatched } = infer([input('a_b')], ['id,a-b,a b', '1,2,3']);
    expect(matched).toEqual([]);
    expect(unmatched[0]?.candidates).toEqual(['a-b', 'a b']);
  });

  it.each([
    ['the name of an identifier', ['price,customerID', '1.5,b', '2.5,c'], ['customerID', 'price']],
    ['a whole value before a fraction', ['price,number', '1.5,7', '2.5,8'], ['number', 'price']],
    ['no column with gaps or repeats', ['id,group', '1,a', ',a'], []],
    ['no word that only ends like one', ['paid,code', 'x,a', 'y,b'], ['paid', 'code']],
  ])('prefers as key %s', (_, lines, candidates) => {
    expect(infer([], lines).keyCandidates).toEqual(candidates);
  });

  it('leaves the key to a person where no column can be it', async () => {
    const { yaml } = infer([input('a')], ['a,b', '1,1', '1,1']);
    expect(yaml).toContain('# TODO: no column has a different value in every row.');
    await expect(loadJobText('income', yaml)).rejects.toThrow('key is missing.');
  });

  it('writes how the CSV is made where that is unusual, and queries of several lines', async () => {
    const query = 'select *\nfrom people -- all: "of" them\nwhere as_of = :date';
    const { yaml } = infer([input('a')], ['id,a', '1,2'], {
      query,
      delimiter: '\t',
      quote: 'none',
      encoding: 'latin1',
      finalNewline: 'optional',
    });
    const job = await loadJobText('income', yaml);
    expect(job.input).toEqual({
      csv: {
        path: 'data/{date}.csv',
        delimiter: '\t',
        quote: undefined,
        encoding: 'latin1',
        header: undefined,
        finalNewline: 'optional',
      },
      query,
    });
  });

  it('survives names that YAML reads as something else', async () => {
    const names = ['yes', '1e3', 'a: b', '# c', 'null', "it's", 'say "so"', '- x', 'naïve', '*star'];
    const { yaml, signature, source } = infer(
      [input('X', 'float32', [null, names.length])],
      [['id', ...names].join(','), ['k', ...names.map((_, index) => String(index))].join(',')],
    );
    const job = await loadJobText('income', yaml);
    expect(job.features['X']).toEqual(names);
    expect(bind(job, signature, source, CONTEXT).plan.features).toHaveLength(names.length);
  });
});

describe('yamlText', () => {
  it.each([
    'plain',
    'two words',
    'yes',
    'NaN',
    '',
    ' ',
    '0.1',
    'a#b',
    'é',
    'tab\there',
    'new\nline',
    '"',
    '\\',
    'a:',
    '~',
  ])('writes %j so that it reads back', (text) => {
    expect(parse(`- ${yamlText(text)}`)).toEqual([text]);
    expect(parse(`${yamlText(text)}: 1`)).toEqual({ [text]: 1 });
    expect(parse(`[${yamlText(text)}]`, { version: '1.1' })).toEqual([text]);
  });
});

describe('nearest', () => {
  it.each([
    ['education_num', ['education', 'education-num'], 'education-num'],
    ['TOTALCHARGES', ['MonthlyCharges', 'TotalCharges'], 'TotalCharges'],
    ['modle', ['key', 'model', 'missing'], 'model'],
    ['x', ['y', 'z'], undefined],
    ['', ['a'], undefined],
    ['destination', ['source', 'retain'], undefined],
    ['anything', [], undefined],
  ])('of %j in %j is %j', (name, candidates, expected) => {
    expect(nearest(name, candidates)).toBe(expected);
  });
});
