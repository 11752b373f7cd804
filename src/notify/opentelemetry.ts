import type { TraceSettings } from '../domain/notify.js';
import { hostOf, sendJson } from './send.js';
import type { Channel } from './told.js';
import { isSampled, testRequest, traceRequest } from './trace.js';

/** Sends a run's trace when it is over, as OTLP over HTTP in JSON. */
export function opentelemetryChannel(settings: TraceSettings, version: string): Channel {
  const { url, headers, parent } = settings;
  return {
    name: `opentelemetry ${hostOf(url)}`,
    told: 'a trace of every run',
    ended: async (ended, signal) => {
      if (isSampled(parent)) await sendJson({ url, headers }, traceRequest(ended, settings, version), signal);
    },
    test: ({ id, now }, signal) =>
      sendJson({ url, headers }, testRequest(id, now, settings, version), signal),
  };
}
