import type { IncomingMessage } from 'node:http';

export interface Message {
  readonly url: string;
  readonly method?: 'POST' | 'PUT' | 'DELETE';
  readonly body?: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Sends one request and waits for its answer. Node's HTTP client is loaded by the first one: a run that tells nobody
 * does not wait for it.
 *
 * @throws an Error that says what happened, for every answer that is no 2xx too. Of the URL it says nothing, and of the
 *   answer only its number: both may hold secrets.
 */
export async function send(
  { url, method = 'POST', body = '', type = 'text/plain; charset=utf-8', headers = {} }: Message,
  signal: AbortSignal,
): Promise<void> {
  const target = new URL(url);
  const { request } = await (target.protocol === 'https:' ? import('node:https') : import('node:http'));
  const bytes = Buffer.from(body, 'utf8');
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    // An agent of its own, that keeps no connection: nothing may hold the process afterwards.
    request(target, {
      method,
      signal,
      agent: false,
      headers: {
        'User-Agent': 'predawn',
        'Content-Type': type,
        'Content-Length': bytes.length,
        ...headers,
      },
    })
      .once('response', resolve)
      .on('error', (error) => reject(new Error(reason(error), { cause: error })))
      .end(bytes);
  });
  const status = answer.statusCode ?? 0;
  answer.on('error', () => undefined).resume();
  if (status < 200 || status > 299) throw new Error(`it answered ${status}${HINTS[status] ?? ''}`);
}

export function sendJson(message: Message, content: unknown, signal: AbortSignal): Promise<void> {
  return send({ ...message, body: JSON.stringify(content), type: 'application/json' }, signal);
}

/** The host of a URL, with its port where it has one of its own. */
export function hostOf(url: string): string {
  return new URL(url).host;
}

const HINTS: Readonly<Record<number, string>> = {
  401: ': credentials are missing or wrong',
  403: ': not allowed',
  404: ': there is nothing at this URL',
  410: ': this URL is no longer in use',
  429: ': too many requests',
};

/** Messages of Node.js name hosts and addresses, never a path or a credential. */
function reason(error: Error & { code?: string }): string {
  if (error.name === 'AbortError') return 'it did not answer in time';
  // One error for each address that was tried.
  if (error instanceof AggregateError) return (error.errors[0] as Error).message;
  return error.message === '' ? (error.code ?? error.name) : error.message;
}
