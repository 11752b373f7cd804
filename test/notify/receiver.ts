import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly method: string;
  /** With its query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A real server on this machine that keeps what it is sent. */
export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** Requests whose path begins so. */
  to(path: string): Received[];
  /** Resolves when a request came; rejects never. */
  waitFor(path: string): Promise<Received>;
  /** How it answers from now on. */
  answer: (request: Received, response: ServerResponse) => void;
  close(): Promise<void>;
}

export const ok = (_: Received, response: ServerResponse): void => void response.writeHead(204).end();
/** Takes a third of a second. */
export const slow = (got: Received, response: ServerResponse): void =>
  void setTimeout(ok, 333, got, response);
/** Takes the request and never says a word. */
export const hang = (): void => undefined;
/** Says that all is well, and never ends its answer. */
export const trickle = (_: Received, response: ServerResponse): void => {
  response.writeHead(200, { 'Content-Length': 100 });
  response.write('.');
};
export const status =
  (code: number, headers: Record<string, string> = {}) =>
  (_: Received, response: ServerResponse): void =>
    void response.writeHead(code, headers).end('an answer with a secret-in-the-body');

export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  let onReceived: (() => void)[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const got = { method, url, headers, body };
      received.push(got);
      for (const look of onReceived) look();
      receiver.answer(got, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    to: (path) => received.filter(({ url }) => url.startsWith(path)),
    waitFor: (path) =>
      new Promise((resolve) => {
        const look = (): void => {
          const [first] = receiver.to(path);
          if (first === undefined) return;
          onReceived = onReceived.filter((each) => each !== look);
          resolve(first);
        };
        onReceived.push(look);
        look();
      }),
    answer: ok,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}
