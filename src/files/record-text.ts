import * as z from 'zod';
import { PredawnError } from '../domain/errors.js';
import type { AttemptRecord } from './attempt-record.js';

const text = z.string();
/** What is read of a receipt without looking; the rest of it is only printed. */
const receipt = z.looseObject({
  rows: z.looseObject({ read: z.number(), scored: z.number(), rejected: z.number() }),
  input: z.looseObject({ location: text, fingerprint: text.optional() }),
  output: z.looseObject({ digest: text }),
});

const move = z.looseObject({
  action: z.enum(['publish', 'publish-staged', 'restore']),
  from: text.optional(),
  to: text,
  by: text,
  reason: text.optional(),
  at: text,
  publication: z.int().positive(),
});

/** What finding the shards again relies on; the rest was written in one piece with it. */
const plan = z.looseObject({
  attempt: z.looseObject({ id: text, job: text, asOf: text, startedAt: text, target: z.looseObject({}) }),
  location: text,
  input: z.looseObject({
    summary: z.looseObject({ fingerprint: text, bytes: z.number() }),
    shards: z.array(z.looseObject({ from: z.number(), to: z.number(), digest: text })),
  }),
  versions: z.looseObject({ predawn: text, onnxruntime: text }),
});

const common = z.looseObject({
  version: z.literal(1),
  attemptId: text,
  job: text,
  environment: text,
  asOf: text,
  table: text,
  format: z.enum(['parquet', 'arrow', 'csv']),
  artefact: text,
  artefactDigest: text,
  jobDigest: text,
  startedAt: text,
  shards: plan.optional(),
  finishedAt: text.optional(),
  publication: z.int().positive().optional(),
  moves: z.array(move).optional(),
  pending: z.looseObject({ move, receipt }).optional(),
  error: z.looseObject({ kind: text, code: text, message: text }).optional(),
});

const output = { outputDigest: text, rows: z.number(), receipt };
const publication = { publication: z.int().positive(), ...output };

const record = z.discriminatedUnion('status', [
  common.extend({ status: z.literal('open') }),
  common.extend({ status: z.literal('publishing'), ...publication }),
  common.extend({ status: z.literal('published'), ...publication }),
  common.extend({ status: z.literal('staged'), ...output }),
  common.extend({ status: z.literal('unchanged'), receipt }),
  common.extend({ status: z.literal('failed') }),
]);

/**
 * The record of attempt `id` that a ledger file at `path` holds. Throws kind `configuration`, code
 * `files.ledger_damaged`, for a text that predawn can't have written there.
 */
export function parseRecord(path: string, id: string, content: string): AttemptRecord {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    throw damaged(path);
  }
  const parsed = record.safeParse(value);
  if (!parsed.success || parsed.data.attemptId !== id) throw damaged(path);
  return value as AttemptRecord;
}

function damaged(path: string): PredawnError {
  return new PredawnError(
    'configuration',
    'files.ledger_damaged',
    `${path} is damaged: it does not hold the record of its attempt.`,
    {
      hint: 'Move it away, or restore it from a backup, then run again: without it, that attempt is forgotten.',
    },
  );
}
