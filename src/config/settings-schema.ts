import * as z from 'zod';
import { canarySchema } from './canary-schema.js';
import { byteSize, NAME, NAME_RULE, text } from './fields.js';
import { gateSchema } from './gate-schema.js';
import { notifySchema } from './notify-schema.js';
import type { YamlError, YamlFile } from './yaml-file.js';

const VARIABLES = '${VARIABLE} and ${VARIABLE:-default} are filled in from the environment.';

/** `predawn.yaml`. Descriptions are what editors show. */
export const settingsSchema = z
  .strictObject({
    registry: text()
      .default('./registry')
      .describe(
        `The model registry: a folder, relative to this file, or a postgres:// URL. Default: ./registry. ${VARIABLES}`,
      ),
    cache: text()
      .optional()
      .describe(
        `Folder that keeps files fetched from a registry in a database; where it can't be written to, nothing is kept. Default: $XDG_CACHE_HOME/predawn, else ~/.cache/predawn. ${VARIABLES}`,
      ),
    jobs: text()
      .default('./jobs')
      .describe('Folder of the job files, relative to this file. Default: ./jobs.'),
    workers: z
      .int()
      .min(1)
      .max(256)
      .optional()
      .describe('Threads that score. Default: one for each core, at most 8.'),
    block_bytes: byteSize()
      .optional()
      .describe('About how much input is scored at once: bytes, "256KiB" or "1MiB". Default: 1MiB.'),
    environments: z
      .record(z.string(), environment())
      .refine((environments) => Object.keys(environments).length > 0, 'must have an environment.')
      .describe('Where input comes from and predictions go, by name. The first one is the default.'),
  })
  .describe('Settings of a predawn project.');

/** Not a part of the schema: one for keys would keep what else is wrong with an entry from being looked at. */
export function environmentNameProblems(file: YamlFile): YamlError[] {
  const path = ['environments'];
  const wrong = file.keys(path).filter((name) => !NAME.test(name));
  return wrong.map((name) =>
    file.problem({
      code: 'config.name',
      message: `the name of environment "${name}" ${NAME_RULE}`,
      path: [...path, name],
      at: 'key',
    }),
  );
}

function environment() {
  return z.strictObject({
    source: text()
      .optional()
      .describe(
        `A postgres:// URL for jobs with a query, or the folder that CSV paths are relative to. Default: the folder of this file. ${VARIABLES}`,
      ),
    destination: text().describe(`A postgres:// URL, or a folder, relative to this file. ${VARIABLES}`),
    retain: z
      .int()
      .min(1)
      .default(3)
      .describe(
        'Published attempts of a data date whose rows are kept for restore, the current one included. Default: 3.',
      ),
    after: text()
      .optional()
      .describe('Environment where a version must be live before it can be made live here. Default: none.'),
    gate: gateSchema().optional(),
    canary: canarySchema().optional(),
    notify: notifySchema().optional(),
  });
}
