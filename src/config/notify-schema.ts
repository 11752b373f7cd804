import * as z from 'zod';
import { NEWS_KINDS, WEBHOOK_FORMATS } from '../domain/notify.js';
import { text } from './fields.js';

const headers = () => z.record(z.string(), text());

/** `notify` of an environment: who is told of its runs. */
export const notifySchema = () =>
  z
    .strictObject({
      healthchecks: z
        .strictObject({
          url: text().describe(
            'Ping URL of a check, with {job} for the job’s name: https://hc-ping.com/${HEALTHCHECKS_KEY}/{job}.',
          ),
          exit_status: z
            .boolean()
            .default(true)
            .describe('Report a failure as its exit code (/75) or, for receivers without that, as /fail.'),
        })
        .optional()
        .describe('A monitor that is pinged when a run starts and when it ends, and notices silence.'),
      webhooks: z
        .array(
          z.strictObject({
            url: text().describe('URL that takes a POST of JSON. Keep it in a ${VARIABLE}: it is a secret.'),
            format: z
              .enum(WEBHOOK_FORMATS)
              .default('json')
              .describe('What is posted: our own JSON, a Slack message, or an Adaptive Card for Teams.'),
            on: z
              .array(z.enum(NEWS_KINDS))
              .min(1)
              .default(['failure', 'recovery', 'warning'])
              .describe('What it is told of. Default: failure, recovery and warning.'),
            headers: headers().optional().describe('More headers, such as Authorization.'),
          }),
        )
        .optional()
        .describe('Chats and other services that are told of failures, recoveries and warnings.'),
      prometheus: z
        .strictObject({
          textfile: text()
            .optional()
            .describe('Folder of node_exporter’s textfile collector; a file for each job is written there.'),
          pushgateway: text().optional().describe('URL of a Pushgateway.'),
        })
        .optional()
        .describe('Metrics of the last run.'),
      openlineage: z
        .strictObject({
          url: text()
            .optional()
            .describe('Server that takes OpenLineage events; without a path, /api/v1/lineage is added.'),
          api_key: text().optional().describe('Sent to the server as a bearer token.'),
          file: text().optional().describe('File that events are appended to, a line of JSON each.'),
          namespace: text().optional().describe('Namespace of the jobs. Default: predawn-<environment>.'),
        })
        .optional()
        .describe('Lineage of input, model and predictions as OpenLineage events.'),
      opentelemetry: z
        .strictObject({
          endpoint: text()
            .optional()
            .describe(
              'OTLP/HTTP endpoint; /v1/traces is added. Default: $OTEL_EXPORTER_OTLP_ENDPOINT, else http://localhost:4318.',
            ),
          headers: headers().optional().describe('Default: $OTEL_EXPORTER_OTLP_HEADERS.'),
        })
        .optional()
        .describe('A trace of each run, a span for each of its stages. Continues $TRACEPARENT.'),
    })
    .describe('Who is told of runs here. Never changes an exit code. Default: nobody.');

export type RawNotify = z.output<ReturnType<typeof notifySchema>>;
