import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { withParts } from './databases.js';

/** What befalls the next COMMIT that a client sends through the proxy. */
export type Fate =
  /** The connection is cut, the server never hears of it. */
  | 'cut before'
  /** The server commits, the client is cut off before the answer. */
  | 'cut after'
  /** As `cut before`, and the server can't be reached any more. */
  | 'gone'
  /** The client is cut off; the server hears of it only when somebody connects for the third time after. */
  | 'late';

/** What befalls a connection when so many bytes went through the proxy in a direction: the next one does not arrive. */
export interface Harm {
  readonly direction: 'to the server' | 'to the client';
  readonly byte: number;
  readonly what:
    /** Both ends are closed. */
    | 'cut'
    /** Both ends get a reset. */
    | 'reset'
    /** Nothing goes either way any more, and nobody is told. */
    | 'stall'
    /** Nothing goes either way for a moment. */
    | 'delay';
}

export interface Proxy {
  readonly port: number;
  /** Bytes that went through since it was armed. */
  readonly passed: Record<Harm['direction'], number>;
  /** @param skip how many COMMITs to let through first */
  arm(fate: Fate, skip?: number): void;
  /** Resolves when the harm was done. */
  armHarm(harm: Harm): Promise<void>;
  /** Cuts what was stalled, and lets everything through. */
  disarm(): void;
  close(): Promise<void>;
}

const COMMIT = Buffer.from('commit\0');
const DELAY = 300;

/** A TCP proxy in front of the PostgreSQL server of a URL, without TLS. */
export async function startProxy(url: string): Promise<Proxy> {
  const { hostname, port } = new URL(url);
  let fate: Fate | undefined;
  let gone = false;
  let toSkip = 0;
  let onConnection: (() => void) | undefined;
  let harm: { readonly harm: Harm; readonly done: () => void } | undefined;
  const passed = { 'to the server': 0, 'to the client': 0 };
  const sockets = new Set<Socket>();
  const stalled = new Set<Socket>();

  const server = createServer((client) => {
    if (gone) {
      client.destroy();
      return;
    }
    onConnection?.();
    const upstream = connect(Number(port === '' ? 5432 : port), hostname);
    const pair = [client, upstream] as const;
    for (const socket of pair) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    const ended = () => upstream.end();
    client.on('end', ended);
    upstream.on('end', () => client.end());
    upstream.on('data', (bytes) => pass(bytes, 'to the client', client, pair));
    client.on('data', (bytes) => {
      const met = bytes.includes(COMMIT) && toSkip-- <= 0 ? fate : undefined;
      if (met === undefined) {
        pass(bytes, 'to the server', upstream, pair);
        return;
      }
      fate = undefined;
      gone = met === 'gone';
      client.off('end', ended);
      upstream.removeAllListeners('data').resume();
      if (met === 'cut after') upstream.end(bytes, () => client.destroy());
      else client.destroy();
      if (met === 'cut before' || met === 'gone') upstream.destroy();
      if (met === 'late') {
        let connections = 0;
        onConnection = () => {
          if (++connections === 3) upstream.end(bytes);
        };
      }
    });
  });

  /** Hands on what arrived, as far as no harm is to be done. */
  function pass(
    bytes: Buffer,
    direction: Harm['direction'],
    to: Socket,
    pair: readonly [Socket, Socket],
  ): void {
    const before = passed[direction];
    passed[direction] += bytes.length;
    const armed = harm;
    if (armed?.harm.direction !== direction || passed[direction] <= armed.harm.byte) {
      to.write(bytes);
      return;
    }
    harm = undefined;
    const whole = Math.max(0, armed.harm.byte - before);
    to.write(bytes.subarray(0, whole), () => {
      doHarm(armed.harm.what, pair, () => to.write(bytes.subarray(whole)));
      armed.done();
    });
  }

  function doHarm(what: Harm['what'], pair: readonly [Socket, Socket], goOn: () => void): void {
    for (const socket of pair) {
      if (what === 'cut') socket.destroy();
      else if (what === 'reset') socket.resetAndDestroy();
      else socket.pause();
      if (what === 'stall') stalled.add(socket);
    }
    if (what !== 'delay') return;
    setTimeout(() => {
      goOn();
      for (const socket of pair) socket.resume();
    }, DELAY);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    passed,
    arm: (next, skip = 0) => {
      fate = next;
      toSkip = skip;
    },
    armHarm: (next) => {
      Object.assign(passed, { 'to the server': 0, 'to the client': 0 });
      return new Promise((resolve) => (harm = { harm: next, done: resolve }));
    },
    disarm: () => {
      for (const socket of stalled) socket.destroy();
      stalled.clear();
      fate = harm = onConnection = undefined;
      gone = false;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A server's URL, through the proxy. */
export function throughProxy(url: string, { port }: Proxy): string {
  return withParts(url, { host: '127.0.0.1', port });
}
