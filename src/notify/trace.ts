import { randomBytes } from 'node:crypto';
import type { TraceParent, TraceSettings } from '../domain/notify.js';
import { runLabel } from './summary.js';
import type { Ended } from './told.js';

/** OTLP's JSON: identifiers in hexadecimal, 64-bit numbers as texts. */
interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly status: { readonly code?: number; readonly message?: string };
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue: string } | { readonly intValue: string };
}

const INTERNAL = 1;
const ERROR = 2;

/** A span for the run and one for each of its stages, as the body of an OTLP/HTTP request. */
export function traceRequest(ended: Ended, { resource, parent }: TraceSettings, version: string): unknown {
  const { run, finishedAt, stages, error } = ended;
  const isBroken = ended.receipt === undefined;
  const place = {
    // Without a caller's trace, one that can be found by the attempt's id.
    traceId: parent?.traceId ?? run.id.replaceAll('-', ''),
    ...(parent?.state !== undefined && { traceState: parent.state }),
    kind: INTERNAL,
  };
  const root: Span = {
    ...place,
    spanId: newSpanId(),
    ...(parent && { parentSpanId: parent.spanId }),
    name: 'predawn run',
    startTimeUnixNano: nanoseconds(run.startedAt.getTime()),
    endTimeUnixNano: nanoseconds(finishedAt.getTime()),
    attributes: runAttributes(ended),
    status: isBroken ? { code: ERROR, message: error?.message ?? `exit code ${ended.exitCode}` } : {},
  };
  const children = stages.map(({ stage, startedAt, finishedAt: doneAt, failed }): Span => ({
    ...place,
    spanId: newSpanId(),
    parentSpanId: root.spanId,
    name: stage,
    startTimeUnixNano: nanoseconds(startedAt),
    endTimeUnixNano: nanoseconds(doneAt),
    attributes: failed && error !== undefined ? attributes({ 'error.type': error.code }) : [],
    status: failed ? { code: ERROR } : {},
  }));
  return requestOf([root, ...children], resource, version);
}

/** One span that says that it is a test. */
export function testRequest(id: string, now: Date, { resource }: TraceSettings, version: string): unknown {
  const time = nanoseconds(now.getTime());
  const span: Span = {
    traceId: id.replaceAll('-', ''),
    spanId: newSpanId(),
    name: 'predawn notify --test',
    kind: INTERNAL,
    startTimeUnixNano: time,
    endTimeUnixNano: time,
    attributes: [],
    status: {},
  };
  return requestOf([span], resource, version);
}

/** What a caller that samples nothing does not want is not sent. */
export function isSampled(parent: TraceParent | undefined): boolean {
  return parent?.sampled ?? true;
}

function requestOf(
  spans: readonly Span[],
  resource: Readonly<Record<string, string>>,
  version: string,
): unknown {
  return {
    resourceSpans: [
      {
        resource: { attributes: attributes({ 'service.version': version, ...resource }) },
        scopeSpans: [{ scope: { name: 'predawn', version }, spans }],
      },
    ],
  };
}

function runAttributes(ended: Ended): Attribute[] {
  const { run, asOf, exitCode, receipt, error, description, attemptIds } = ended;
  return attributes({
    'predawn.run': runLabel(ended),
    'predawn.job': run.job,
    'predawn.environment': run.environment,
    'predawn.data_date': asOf,
    'predawn.attempt_id': receipt?.attempt_id ?? attemptIds.at(-1),
    'predawn.artefact': description?.artefact,
    'predawn.outcome': receipt?.outcome,
    'predawn.rows.read': receipt?.rows.read,
    'predawn.rows.scored': receipt?.rows.scored,
    'predawn.rows.rejected': receipt?.rows.rejected,
    'predawn.exit_code': exitCode,
    'error.type': error?.code,
  });
}

function attributes(values: Readonly<Record<string, string | number | undefined>>): Attribute[] {
  return Object.entries(values).flatMap(([key, value]) => {
    if (value === undefined) return [];
    return [{ key, value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value } }];
  });
}

function newSpanId(): string {
  const bytes = randomBytes(8);
  // All zeros mean none.
  bytes[0]! |= 1;
  return bytes.toString('hex');
}

function nanoseconds(milliseconds: number): string {
  return `${milliseconds}000000`;
}
