import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

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

export interface CommitProxy {
  readonly port: number;
  /** @param skip how many COMMITs to let through first */
  arm(fate: Fate, skip?: number): void;
  close(): Promise<void>;
}

const COMMIT = Buffer.from('commit\0');

/** A TCP proxy in front of a PostgreSQL server, without TLS. */
export async function startCommitProxy(host: string, port: number): Promise<CommitProxy> {
  let fate: Fate | undefined;
  let gone = false;
  let toSkip = 0;
  let onConnection: (() => void) | undefined;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    if (gone) {
      client.destroy();
      return;
    }
    onConnection?.();
    const upstream = connect(port, host);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    upstream.pipe(client);
    client.on('end', () => upstream.end());
    client.on('data', (bytes) => {
      const met = bytes.includes(COMMIT) && toSkip-- <= 0 ? fate : undefined;
      if (met === undefined) {
        upstream.write(bytes);
        return;
      }
      fate = undefined;
      gone = met === 'gone';
      client.removeAllListeners('end');
      upstream.unpipe(client);
      upstream.resume();
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
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    arm: (next, skip = 0) => {
      fate = next;
      toSkip = skip;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
