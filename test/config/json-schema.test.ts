import { describe, expect, it } from 'vitest';
import { jobFileJsonSchema, settingsJsonSchema } from '../../src/config/json-schema.js';

interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

describe.each([
  ['job files', jobFileJsonSchema, ['model', 'timezone', 'input', 'key']],
  ['settings', settingsJsonSchema, ['environments']],
])('the schema of %s', (_, make, required) => {
  const schema = make() as JsonSchema;

  it('is strict, and asks for no more than the reader does', () => {
    expect(schema.additionalProperties).toBe(false);
    expect(schema.required).toEqual(required);
  });

  it('describes every key of the top', () => {
    for (const [name, { description }] of Object.entries(schema.properties ?? {})) {
      expect(description, name).toBeTypeOf('string');
    }
  });

  it('is draft-07, which editors read', () => {
    expect(schema).toMatchObject({ $schema: 'http://json-schema.org/draft-07/schema#' });
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });
});
