import type { PredawnError } from './errors.js';

/** What a webhook may be told of. */
export const NEWS_KINDS = ['failure', 'recovery', 'warning', 'success'] as const;
export type NewsKind = (typeof NEWS_KINDS)[number];

/** How a webhook's message is written: our own JSON, or what Slack or Teams show. */
export const WEBHOOK_FORMATS = ['json', 'slack', 'teams'] as const;
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number];

/** A URL of http: or https:, which may be a secret, with `{job}` for the job's name. */
export type SecretUrl = string;

export interface WebhookSettings {
  readonly url: SecretUrl;
  readonly format: WebhookFormat;
  readonly on: readonly NewsKind[];
  readonly headers: Readonly<Record<string, string>>;
}

/** `notify` of an environment, its `${VARIABLE}`s filled in. Files and folders are absolute. */
export interface NotifySettings {
  /** `exitStatus`: report the exit code, instead of `/fail`. */
  readonly healthchecks: { readonly url: SecretUrl; readonly exitStatus: boolean } | undefined;
  readonly webhooks: readonly WebhookSettings[];
  /** A folder of node_exporter's textfile collector. */
  readonly textfile: string | undefined;
  readonly pushgateway: SecretUrl | undefined;
  readonly openlineage:
    | {
        readonly url: SecretUrl | undefined;
        readonly apiKey: string | undefined;
        readonly file: string | undefined;
        readonly namespace: string;
      }
    | undefined;
  readonly opentelemetry: TraceSettings | undefined;
  /** Receivers that are left out, because something of theirs could not be filled in or is no URL. */
  readonly problems: readonly PredawnError[];
}

/** Where a run's trace goes, and what it is a part of. */
export interface TraceSettings {
  readonly url: SecretUrl;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the process: `service.name` and others. */
  readonly resource: Readonly<Record<string, string>>;
  /** The caller's span. */
  readonly parent: TraceParent | undefined;
}

/** W3C trace context. */
export interface TraceParent {
  /** 32 and 16 hexadecimal digits. */
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
  readonly state: string | undefined;
}
