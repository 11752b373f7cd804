import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PredawnError } from '../domain/errors.js';
import { isAlive, metricsText, reasonsNotReady, type SchedulerState } from './metrics.js';

export interface Endpoints {
  /** The one that was given to it where it asked for any. */
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Answers `/healthz` (does it still look at the clock), `/readyz` (can it ask the ledger) and `/metrics`.
 *
 * @throws PredawnError kind `configuration` for an address that can't be listened on
 */
export async function openEndpoints(
  address: { readonly host: string; readonly port: number },
  state: () => SchedulerState,
  now: () => number,
): Promise<Endpoints> {
  const server = createServer((request, response) => {
    const { status, type, body } = answer(request.method ?? '', request.url ?? '', state(), now());
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
  });
  await listen(server, address);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const TEXT = 'text/plain; charset=utf-8';

function answer(method: string, url: string, state: SchedulerState, now: number) {
  const path = url.split('?')[0];
  const text = (status: number, body: string, type = TEXT) => ({ status, type, body });
  if (method !== 'GET' && method !== 'HEAD') return text(405, 'GET, please.\n');
  if (path === '/healthz')
    return isAlive(state, now)
      ? text(200, 'ok\n')
      : text(503, 'it has not looked at the clock for minutes\n');
  if (path === '/readyz') {
    const reasons = reasonsNotReady(state);
    return reasons.length === 0 ? text(200, 'ok\n') : text(503, `${reasons.join('\n')}\n`);
  }
  if (path === '/metrics') return text(200, metricsText(state), 'text/plain; version=0.0.4; charset=utf-8');
  return text(404, 'There are /healthz, /readyz and /metrics.\n');
}

async function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new PredawnError(
          'configuration',
          'schedule.port',
          `Can't listen on ${host} port ${port}: ${error.code ?? error.message}.`,
          {
            hint: 'Give another --port or --host.',
            cause: error,
          },
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
}
