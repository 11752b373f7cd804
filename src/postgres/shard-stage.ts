import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { Reject } from '../domain/columns.js';
import { PredawnError } from '../domain/errors.js';
import type { Attempt, EncodedBlock } from '../domain/publication.js';
import type { ShardStage } from '../domain/sharded-publication.js';
import { CopyWriter } from './copy-writer.js';
import type { QualifiedName } from './names.js';
import { keepRejects } from './rejects.js';
import { copyInto } from './row-stage.js';

/**
 * Copies one shard's rows, and keeps its rejects, in the transaction that is open on the connection. A COPY has the
 * connection to itself: for rejects it is ended, and another one begun after them.
 */
export class PostgresShardStage implements ShardStage {
  readonly #hash = createHash('sha256');
  #writer: CopyWriter | undefined;
  #appended = 0;
  #copied = 0;

  constructor(
    private readonly client: pg.Client,
    private readonly rows: QualifiedName,
    private readonly attempt: Attempt,
  ) {}

  async append({ payload, rows }: EncodedBlock): Promise<void> {
    this.#writer ??= new CopyWriter(this.client, copyInto(this.rows, this.attempt));
    this.#hash.update(payload);
    this.#appended += rows;
    await this.#writer.write(payload);
  }

  async reject(rejects: readonly Reject[]): Promise<void> {
    await this.#endCopy();
    await keepRejects(this.client, this.attempt.id, rejects);
  }

  /** After the last block: how many rows the server took, and the digest of their bytes. */
  async finish(): Promise<{ readonly rows: number; readonly digest: string }> {
    await this.#endCopy();
    if (this.#copied !== this.#appended) {
      throw new PredawnError(
        'internal',
        'stage.count',
        `The server took ${this.#copied} rows of ${this.#appended}.`,
        { hint: 'The shard was not committed. Please report this.' },
      );
    }
    return { rows: this.#copied, digest: `sha256:${this.#hash.digest('hex')}` };
  }

  /** Makes the connection free for a ROLLBACK. */
  async cancel(): Promise<void> {
    await this.#writer?.cancel();
  }

  async #endCopy(): Promise<void> {
    const writer = this.#writer;
    if (writer === undefined) return;
    const { rows } = await writer.end();
    this.#writer = undefined;
    this.#copied += rows;
  }
}
