import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { breakInput, type NotifiedProject, notifiedProject } from './notified-project.js';
import { type Receiver, startReceiver } from './receiver.js';

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
  readonly value: { readonly stringValue?: string; readonly intValue?: string };
}
interface Request {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

let receiver: Receiver;
let project: NotifiedProject;
beforeEach(async () => {
  receiver = await startReceiver();
  project = await notifiedProject({ opentelemetry: {} });
});
afterEach(async () => {
  await receiver.close();
  await project.drop();
});

const score = (env: Record<string, string> = {}, ...args: string[]) =>
  project.score({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.url}/otlp/`, ...env }, args });
const requests = () => receiver.received.map(({ body }) => JSON.parse(body) as Request);
const spans = () => requests().flatMap((request) => request.resourceSpans[0]!.scopeSpans[0]!.spans);
const valuesOf = (attributes: readonly Attribute[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]));

describe('OpenTelemetry', () => {
  it('has a span for the run, and beneath it one for each stage, in their order', async () => {
    const { code, stdout } = await score({ OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20key,x=1' }, '--json');
    expect(code).toBe(0);
    const { attempt_id: id } = JSON.parse(stdout) as { attempt_id: string };
    expect(receiver.received).toMatchObject([
      {
        ...{ method: 'POST', url: '/otlp/v1/traces' },
        headers: { 'content-type': 'application/json', 'api-key': 'a key', x: '1' },
      },
    ]);
    expect(valuesOf(requests()[0]!.resourceSpans[0]!.resource.attributes)).toMatchObject({
      'service.name': 'predawn',
    });

    const [run, ...stages] = spans() as [Span, ...Span[]];
    expect(run).toMatchObject({ name: 'predawn run', traceId: id.replaceAll('-', ''), kind: 1, status: {} });
    expect(run.parentSpanId).toBeUndefined();
    expect(valuesOf(run.attributes)).toMatchObject({
      'predawn.job': 'churn',
      'predawn.attempt_id': id,
      'predawn.rows.scored': 500,
      'predawn.exit_code': 0,
    });
    expect(stages.map(({ name }) => name)).toEqual([
      ...['artefact', 'model', 'input', 'destination', 'attempt', 'score', 'stage', 'gates', 'publish'],
    ]);
    expect(new Set([run, ...stages].map(({ spanId }) => spanId)).size).toBe(10);
    for (const span of [run, ...stages]) {
      expect(span.traceId).toBe(run.traceId);
      expect(span.spanId).toMatch(/^(?!0+$)[0-9a-f]{16}$/);
      expect(span.startTimeUnixNano).toMatch(/^\d{19}$/);
      expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano));
      if (span !== run) expect(span.parentSpanId).toBe(run.spanId);
    }
  });

  it('is a part of the caller’s trace', async () => {
    await score({ TRACEPARENT: PARENT, TRACESTATE: 'vendor=1' });
    expect(spans()[0]).toMatchObject({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      parentSpanId: 'b7ad6b7169203331',
      traceState: 'vendor=1',
    });
  });

  it('is not sent where the caller samples nothing, or where OpenTelemetry is switched off', async () => {
    expect((await score({ TRACEPARENT: PARENT.replace(/01$/, '00') })).code).toBe(0);
    expect((await score({ OTEL_SDK_DISABLED: 'true' }, '--force')).code).toBe(0);
    expect(receiver.received).toEqual([]);
  });

  it.each(['', 'nonsense', PARENT.replace(/^00/, 'ff'), `00-${'0'.repeat(32)}-b7ad6b7169203331-01`])(
    'begins a trace of its own where TRACEPARENT is %j',
    async (TRACEPARENT) => {
      await score({ TRACEPARENT });
      expect(spans()[0]!.parentSpanId).toBeUndefined();
      expect(spans()[0]!.traceId).toMatch(/^[0-9a-f]{32}$/);
    },
  );

  it('says which stage failed', async () => {
    await breakInput(project);
    expect((await score({ OTEL_SERVICE_NAME: 'scoring' })).code).toBe(65);
    const failed = spans().filter(({ status }) => status.code === 2);
    expect(failed.map(({ name }) => name)).toEqual(['predawn run', 'gates']);
    expect(failed[0]!.status.message).toContain('1 row of 500 rejected');
    expect(valuesOf(failed[0]!.attributes)).toMatchObject({
      'predawn.exit_code': 65,
      'error.type': 'gate.rejects',
    });
    expect(valuesOf(requests()[0]!.resourceSpans[0]!.resource.attributes)).toMatchObject({
      'service.name': 'scoring',
    });
  });
});
