import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { describeError, PredawnError } from '../domain/errors.js';
import type { AliasMove, Manifest } from '../domain/registry.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const version = z.int().positive();

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

const manifest = z.object({
  name: z.string(),
  version,
  files: z
    .record(z.string(), z.object({ sha256, bytes: z.int().nonnegative() }))
    .refine((files) => 'model.onnx' in files, { error: 'does not name model.onnx' }),
  signature,
  opsets: z.record(z.string(), z.int()),
  producer: z.string(),
  changes: z.array(z.object({ what: z.string(), originalSha256: sha256 })),
  runtime: z.string(),
  addedAt: z.string(),
  addedBy: z.string(),
  note: z.string().optional(),
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
});

/** Reads a manifest; throws kind `artefact`, code `registry.damaged`, for one that is not as predawn wrote it. */
export async function readManifest(path: string): Promise<Manifest> {
  return { note: undefined, ...(await readRecord(path, manifest)) } as Manifest;
}

/** Reads a move; throws kind `artefact`, code `registry.damaged`, for one that is not as predawn wrote it. */
export async function readMove(path: string): Promise<AliasMove> {
  return { from: undefined, reason: undefined, ...(await readRecord(path, aliasMove)) };
}

/** The bytes a manifest or move is stored as: JSON for people to read, too. */
export function recordBytes(record: Manifest | AliasMove): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(record, undefined, 2)}\n`);
}

async function readRecord<Shape extends z.ZodType>(path: string, shape: Shape): Promise<z.output<Shape>> {
  let found: unknown;
  try {
    found = JSON.parse(await readFile(path, 'utf8'));
  } catch (thrown) {
    throw damaged(path, describeError(thrown), thrown);
  }
  const checked = shape.safeParse(found);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0]!;
  throw damaged(path, `${issue.path.join('.')}: ${issue.message}`, checked.error);
}

/** For a file of the registry that is not as predawn wrote it. */
export function damaged(path: string, problem: string, cause?: unknown): PredawnError {
  return new PredawnError('artefact', 'registry.damaged', `${path} is not as predawn wrote it: ${problem}`, {
    hint: 'Restore the file from a copy of the registry; versions and moves are never changed once written.',
    cause,
  });
}

/** For a version that an alias named, so that it was there once. */
export function missingVersion(folder: string, name: string, version: number): PredawnError {
  return new PredawnError(
    'artefact',
    'version.missing',
    `Version ${version} of ${name} was made live, but ${folder} is not there.`,
    {
      hint: `Restore that folder from a copy of the registry, or make another version live: "predawn model promote ${name} VERSION --to ENVIRONMENT".`,
    },
  );
}

/** For a version whose digest is no longer the one that `move` made live. */
export function replacedVersion(folder: string, move: AliasMove, digest: string): PredawnError {
  return new PredawnError(
    'artefact',
    'artefact.digest',
    `${folder} was replaced after it was made live in ${move.environment}: it was ${move.digest}, it is ${digest}.`,
    {
      hint: `Restore that folder from a copy of the registry, or make another version live: "predawn model promote ${move.model} VERSION --to ${move.environment}".`,
    },
  );
}
