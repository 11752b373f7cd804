import type { NotifySettings } from '../domain/notify.js';
import { healthchecksChannel } from './healthchecks.js';
import type { Places } from './lineage-datasets.js';
import { openlineageChannels } from './openlineage.js';
import { opentelemetryChannel } from './opentelemetry.js';
import { pushgatewayChannel } from './pushgateway.js';
import { textfileChannel } from './textfile.js';
import type { Channel } from './told.js';
import { webhookChannel } from './webhook.js';

/** A channel for every receiver that the settings name. */
export function openChannels(settings: NotifySettings, places: Places): Channel[] {
  const { healthchecks, webhooks, textfile, pushgateway, openlineage, opentelemetry } = settings;
  return [
    ...optional(healthchecks, (each) => [healthchecksChannel(each)]),
    ...webhooks.map((each, index) => webhookChannel(each, webhooks.length > 1 ? index + 1 : undefined)),
    ...optional(textfile, (folder) => [textfileChannel(folder)]),
    ...optional(pushgateway, (url) => [pushgatewayChannel(url)]),
    ...optional(openlineage, (each) => openlineageChannels(each, places)),
    ...optional(opentelemetry, (each) => [opentelemetryChannel(each, places.version)]),
  ];
}

function optional<Value>(value: Value | undefined, open: (value: Value) => Channel[]): Channel[] {
  return value === undefined ? [] : open(value);
}
