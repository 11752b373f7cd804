import type pg from 'pg';
import { connect } from './connection.js';

/**
 * While armed, an abort of the signal stops the statement that the connection is at. Best effort: the server also
 * stops when the connection ends.
 */
export class StatementCanceller {
  #cancelling: Promise<void> | undefined;
  readonly #onAbort: () => void;

  constructor(
    url: string,
    client: pg.Client,
    private readonly signal: AbortSignal,
  ) {
    this.#onAbort = () => {
      this.#cancelling = cancelStatement(url, client);
    };
    signal.addEventListener('abort', this.#onAbort);
  }

  /** From now on statements are let finish. Resolves when a cancellation that is under way can hit none any more. */
  async disarm(): Promise<void> {
    this.signal.removeEventListener('abort', this.#onAbort);
    await this.#cancelling;
  }
}

async function cancelStatement(url: string, client: pg.Client): Promise<void> {
  // node-postgres keeps what the server told it at the start, but does not declare it.
  const { processID } = client as unknown as { readonly processID: number };
  try {
    const canceller = await connect(url, { applicationName: 'predawn cancel', connectTimeout: 5000 });
    try {
      await canceller.query('select pg_cancel_backend($1)', [processID]);
    } finally {
      await canceller.end();
    }
  } catch {
    return;
  }
}
