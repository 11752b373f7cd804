import path from 'node:path';
import type { PredawnError } from '../domain/errors.js';
import type { NotifySettings, WebhookSettings } from '../domain/notify.js';
import { isHeader, isHttpUrl } from './http.js';
import type { RawNotify } from './notify-schema.js';
import { traceSettings } from './trace-settings.js';
import { fillVariables, type Variables } from './variables.js';
import type { YamlPath } from './yaml-file.js';

export interface NotifyPlace {
  readonly environment: string;
  /** What relative paths start from. */
  readonly root: string;
  readonly variables: Variables;
  /** An error at a place of the settings. */
  readonly problem: (path: YamlPath, message: string, hint: string) => PredawnError;
}

/**
 * `notify` of an environment with its variables filled in. Telling must not stop a run: a receiver that can't be
 * filled in is left out and named in `problems`, for `predawn validate` and the log.
 */
export function resolveNotify(raw: RawNotify, place: NotifyPlace): NotifySettings {
  const problems: PredawnError[] = [];
  const fill = filler(place, problems);
  const { healthchecks, webhooks = [], prometheus, openlineage, opentelemetry } = raw;

  const pinged = healthchecks && fill.url(healthchecks.url, ['healthchecks', 'url']);
  const lineage = openlineage && {
    url: fill.url(openlineage.url, ['openlineage', 'url'], lineageUrl),
    apiKey: fill.text(openlineage.api_key, ['openlineage', 'api_key']),
    file: fill.path(openlineage.file, ['openlineage', 'file']),
    namespace:
      fill.text(openlineage.namespace, ['openlineage', 'namespace']) ?? `predawn-${place.environment}`,
  };
  if (openlineage !== undefined && openlineage.url === undefined && openlineage.file === undefined)
    fill.complain(['openlineage'], 'has neither url nor file.', 'Say where events go.');

  return {
    healthchecks: pinged === undefined ? undefined : { url: pinged, exitStatus: healthchecks!.exit_status },
    webhooks: webhooks.flatMap((webhook, index) => webhookSettings(webhook, ['webhooks', index], fill)),
    textfile: fill.path(prometheus?.textfile, ['prometheus', 'textfile']),
    pushgateway: fill.url(prometheus?.pushgateway, ['prometheus', 'pushgateway']),
    openlineage: lineage?.url === undefined && lineage?.file === undefined ? undefined : lineage,
    opentelemetry: opentelemetry && traceSettings(opentelemetry, ['opentelemetry'], fill, place.variables),
    problems,
  };
}

export type Filler = ReturnType<typeof filler>;

function filler({ environment, root, variables, problem }: NotifyPlace, problems: PredawnError[]) {
  const complain = (at: YamlPath, message: string, hint: string) => {
    const path = ['environments', environment, 'notify', ...at];
    problems.push(problem(path, `${path.map(String).join('.')} ${message}`, hint));
  };
  const text = (value: string | undefined, at: YamlPath) =>
    value === undefined
      ? undefined
      : fillVariables(value, variables, (message, hint) => complain(at, message, hint));
  return {
    complain,
    text,
    /** As an absolute path. */
    path(value: string | undefined, at: YamlPath) {
      const filled = text(value, at);
      return filled === undefined ? undefined : path.resolve(root, filled);
    },
    /** Undefined, and complained of, where it is no URL: which is not repeated, it may be a secret. */
    url(value: string | undefined, at: YamlPath, finish = (url: string) => url) {
      const filled = text(value, at);
      if (filled === undefined) return undefined;
      if (isHttpUrl(filled)) return finish(filled);
      complain(at, 'is not an http:// or https:// URL.', 'Write it whole, with https:// in front.');
      return undefined;
    },
    headers(values: Readonly<Record<string, string>>, at: YamlPath) {
      const filled = Object.entries(values).map(
        ([name, value]) => [name, text(value, [...at, name])] as const,
      );
      const wrong = filled.find(([name, value]) => value !== undefined && !isHeader(name, value));
      if (wrong !== undefined)
        complain(
          [...at, wrong[0]],
          'is no HTTP header.',
          'A header has one line, and a name without spaces.',
        );
      if (wrong !== undefined || filled.some(([, value]) => value === undefined)) return undefined;
      return Object.fromEntries(filled) as Record<string, string>;
    },
  };
}

function webhookSettings(
  { url, format, on, headers = {} }: NonNullable<RawNotify['webhooks']>[number],
  at: YamlPath,
  fill: Filler,
): WebhookSettings[] {
  const filled = fill.url(url, [...at, 'url']);
  const filledHeaders = fill.headers(headers, [...at, 'headers']);
  if (filled === undefined || filledHeaders === undefined) return [];
  return [{ url: filled, format, on, headers: filledHeaders }];
}

/** Servers are usually named without the path that takes events. */
function lineageUrl(text: string): string {
  const url = new URL(text);
  if (url.pathname === '/') url.pathname = '/api/v1/lineage';
  return url.href;
}
