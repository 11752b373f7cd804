import * as z from 'zod';
import { jobSchema } from './job-schema.js';
import { settingsSchema } from './settings-schema.js';

/**
 * The JSON Schema of job files, for editors: `# yaml-language-server: $schema=…` in a file's first line. Drafted
 * as draft-07, which every YAML editor knows.
 */
export function jobFileJsonSchema(): Record<string, unknown> {
  return jsonSchema(jobSchema, 'predawn job file');
}

/** The JSON Schema of predawn.yaml. */
export function settingsJsonSchema(): Record<string, unknown> {
  return jsonSchema(settingsSchema, 'predawn settings');
}

function jsonSchema(schema: z.ZodType, title: string): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' });
  return { $schema, title, ...rest };
}
