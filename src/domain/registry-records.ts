import * as z from 'zod';
import { describeError } from './errors.js';
import type { AliasMove, Manifest } from './registry.js';
import type { RolloutMove } from './rollout.js';
import { damaged } from './registry-errors.js';
import { openSealed, sealRecord } from './sealed-record.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const version = z.int().positive();
const object = z.record(z.string(), z.unknown());

const signature = z.object({
  inputs: z.array(
    z.object({
      name: z.string(),
      type: z.enum(['float32', 'float64', 'int64', 'int32', 'bool', 'string']),
      shape: z.array(z.int().positive().nullable()).min(1).max(2),
    }),
  ),
  outputs: z.array(
    z
      .object({
        name: z.string(),
        role: z.enum(['label', 'probabilities', 'value']),
        type: z.enum(['float4', 'float8', 'int4', 'int8', 'bool', 'text']),
        width: z.int().positive(),
        classes: z.array(z.string()).optional(),
      })
      .refine((output) => output.classes === undefined || output.classes.length === output.width, {
        error: 'has another number of classes than its width',
      }),
  ),
  fixedBatch: z.int().positive().optional(),
});

const file = z.object({ sha256, bytes: z.int().nonnegative() });
const distance = z.number().nonnegative();

const manifest = z
  .object({
    name: z.string(),
    version,
    // Names of files that are read: no others, whatever an imported manifest says.
    files: z.strictObject({
      'model.onnx': file,
      'golden.json': file.optional(),
      'profile.json': file.optional(),
    }),
    signature,
    opsets: z.record(z.string(), z.int()),
    producer: z.string(),
    changes: z.array(z.object({ what: z.string(), originalSha256: sha256 })),
    runtime: z.string(),
    golden: z
      .object({
        rows: z.int().positive(),
        tolerance: z.object({ relative: distance, absolute: distance }),
        expectedFrom: z.enum(['given', 'runtime']),
        recorded: z.array(z.string()).optional(),
      })
      .optional(),
    profile: z.object({ rows: z.int().positive(), from: z.enum(['golden', 'sample']) }).optional(),
    training: object.optional(),
    addedAt: z.string(),
    addedBy: z.string(),
    note: z.string().optional(),
  })
  .refine(({ files, golden }) => (files['golden.json'] === undefined) === (golden === undefined), {
    error: 'has golden rows without their file, or the file without them',
  })
  .refine(({ files, profile }) => (files['profile.json'] === undefined) === (profile === undefined), {
    error: 'has a profile without its file, or the file without it',
  });

const aliasMove = z.object({
  model: z.string(),
  environment: z.string(),
  from: version.optional(),
  to: version,
  digest: z.string(),
  action: z.enum(['promote', 'rollback']),
  at: z.string(),
  by: z.string(),
  reason: z.string().optional(),
  gate: object.optional(),
  accepted: z.array(z.object({ check: z.string(), reason: z.string() })).optional(),
});

const share = z.number().min(0).max(1);

const rolloutState = z.object({
  mode: z.enum(['shadow', 'canary']),
  version,
  digest: z.string(),
  share,
  ramp: z.array(share).min(1),
  afterCleanRuns: z.int().positive(),
  cleanRuns: z.array(z.string()),
  cleanAtShare: z.int().nonnegative(),
});

const rolloutMove = z.object({
  model: z.string(),
  environment: z.string(),
  action: z.enum(['start', 'stop', 'clean', 'advance', 'fail']),
  from: rolloutState.optional(),
  to: rolloutState.optional(),
  at: z.string(),
  by: z.string(),
  reason: z.string().optional(),
  run: z.object({ job: z.string(), asOf: z.string(), attemptId: z.string() }).optional(),
  report: object.optional(),
});

/** The bytes that a manifest or move is stored as. */
export function recordBytes(record: Manifest | AliasMove | RolloutMove): Uint8Array {
  return sealRecord(record);
}

/**
 * A manifest's bytes, read. `where` is their place, for messages.
 *
 * @throws PredawnError kind `artefact`, code `registry.damaged`, for bytes that are not as predawn wrote them
 */
export function parseManifest(bytes: Uint8Array, where: string): Manifest {
  const record = parse(bytes, where, manifest);
  return { note: undefined, golden: undefined, training: undefined, ...record } as Manifest;
}

/** A move's bytes, read; throws as `parseManifest` does. */
export function parseMove(bytes: Uint8Array, where: string): AliasMove {
  return completeMove(parse(bytes, where, aliasMove));
}

/** A move that was kept otherwise than in sealed bytes; throws as `parseManifest` does. */
export function checkMove(found: unknown, where: string): AliasMove {
  return completeMove(check(found, where, aliasMove));
}

/** A move of a rollout, its bytes read; throws as `parseManifest` does. */
export function parseRolloutMove(bytes: Uint8Array, where: string): RolloutMove {
  const found = parse(bytes, where, rolloutMove);
  return {
    ...{ from: undefined, to: undefined, reason: undefined, run: undefined, report: undefined },
    ...found,
  };
}

function completeMove(move: z.output<typeof aliasMove>): AliasMove {
  return { from: undefined, reason: undefined, gate: undefined, accepted: undefined, ...move };
}

function parse<Shape extends z.ZodType>(bytes: Uint8Array, where: string, shape: Shape): z.output<Shape> {
  let found: unknown;
  try {
    found = openSealed(bytes);
  } catch (thrown) {
    throw damaged(where, describeError(thrown), thrown);
  }
  return check(found, where, shape);
}

function check<Shape extends z.ZodType>(found: unknown, where: string, shape: Shape): z.output<Shape> {
  const checked = shape.safeParse(found);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0]!;
  throw damaged(where, `${issue.path.join('.')}: ${issue.message}`, checked.error);
}
