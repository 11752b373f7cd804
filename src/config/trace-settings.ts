import type { TraceParent, TraceSettings } from '../domain/notify.js';
import { isHeader, isHttpUrl } from './http.js';
import type { Filler } from './notify.js';
import type { RawNotify } from './notify-schema.js';
import type { Variables } from './variables.js';
import type { YamlPath } from './yaml-file.js';

const DEFAULT_ENDPOINT = 'http://localhost:4318';
const TRACE_PARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/**
 * Where traces go: what the settings say, else the variables that every OpenTelemetry SDK reads. Undefined where
 * `OTEL_SDK_DISABLED` is true, or after a complaint.
 */
export function traceSettings(
  { endpoint, headers }: NonNullable<RawNotify['opentelemetry']>,
  at: YamlPath,
  fill: Filler,
  variables: Variables,
): TraceSettings | undefined {
  if (variables['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return undefined;
  const url =
    endpoint === undefined
      ? urlOfVariables(variables, (name) =>
          fill.complain(
            at,
            `has no endpoint, and ${name} is no http:// or https:// URL.`,
            `Correct ${name}.`,
          ),
        )
      : fill.url(endpoint, [...at, 'endpoint'], tracesUrl);
  const given = headers && fill.headers(headers, [...at, 'headers']);
  if (url === undefined || (headers !== undefined && given === undefined)) return undefined;
  return {
    url,
    headers: given ?? headersOfVariables(variables),
    resource: resourceOf(variables),
    parent: traceParent(variables['TRACEPARENT'] ?? '', variables['TRACESTATE']),
  };
}

/** The variable for traces is taken as it is; to the one for all signals, the path of traces is added. */
function urlOfVariables(variables: Variables, complain: (name: string) => void): string | undefined {
  for (const name of ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT']) {
    const value = variables[name] ?? '';
    if (value === '') continue;
    if (isHttpUrl(value)) return name.includes('TRACES') ? value : tracesUrl(value);
    complain(name);
    return undefined;
  }
  return tracesUrl(DEFAULT_ENDPOINT);
}

function tracesUrl(endpoint: string): string {
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`;
  return url.href;
}

function headersOfVariables(variables: Variables): Record<string, string> {
  const text = variables['OTEL_EXPORTER_OTLP_TRACES_HEADERS'] || variables['OTEL_EXPORTER_OTLP_HEADERS'];
  return Object.fromEntries(Object.entries(pairs(text)).filter(([name, value]) => isHeader(name, value)));
}

function resourceOf(variables: Variables): Record<string, string> {
  const service = variables['OTEL_SERVICE_NAME'] ?? '';
  return {
    'service.name': 'predawn',
    ...pairs(variables['OTEL_RESOURCE_ATTRIBUTES']),
    ...(service !== '' && { 'service.name': service }),
  };
}

/** `a=1,b=two%20words`, as OpenTelemetry's variables are written; what is not so written is left out. */
function pairs(text = ''): Record<string, string> {
  const entries = text.split(',').flatMap((entry) => {
    const [, key, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(entry) ?? [];
    return key === undefined ? [] : [[key, decoded(value!)] as const];
  });
  return Object.fromEntries(entries);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** As W3C trace context has it; what is not so written counts as absent, and a trace of its own begins. */
function traceParent(text: string, state: string | undefined): TraceParent | undefined {
  const [, traceId, spanId, flags] = TRACE_PARENT.exec(text) ?? [];
  if (traceId === undefined || text.startsWith('ff') || /^0+$/.test(traceId) || /^0+$/.test(spanId!))
    return undefined;
  return { traceId, spanId: spanId!, sampled: (Number.parseInt(flags!, 16) & 1) === 1, state };
}
