import { type Metric, metricsOf, metricsText } from './metrics.js';
import { hostOf, send } from './send.js';
import type { Channel } from './told.js';

const TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Metrics in a group for each job and environment. POST replaces the metrics that it names and leaves the others: after a
 * failure, those of the last success.
 */
export function pushgatewayChannel(url: string): Channel {
  return {
    name: `pushgateway ${hostOf(url)}`,
    told: 'metrics of every run',
    ended: (ended, signal) => {
      const { job, environment } = ended.run;
      const group = groupUrl(url, ['job', 'predawn', 'job_name', job, 'environment', environment]);
      return send({ url: group, type: TYPE, body: metricsText(metricsOf(ended), {}) }, signal);
    },
    async test({ now }, signal) {
      const group = groupUrl(url, ['job', 'predawn_notify_test']);
      const metric: Metric = {
        name: 'predawn_notify_test_timestamp_seconds',
        help: 'When predawn notify --test was run, in Unix time.',
        value: now.getTime() / 1000,
      };
      await send({ url: group, type: TYPE, body: metricsText([metric], {}) }, signal);
      await send({ url: group, method: 'DELETE' }, signal);
    },
  };
}

function groupUrl(text: string, labels: readonly string[]): string {
  const url = new URL(text);
  const path = ['metrics', ...labels.map((label) => encodeURIComponent(label))].join('/');
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${path}`;
  return url.href;
}
