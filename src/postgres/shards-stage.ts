import { createHash } from 'node:crypto';
import { PredawnError } from '../domain/errors.js';
import type { StagedOutput } from '../domain/publication.js';
import type { ShardsStage } from '../domain/sharded-publication.js';
import type { ShardManifest } from '../domain/shards.js';
import { columnList } from './layout.js';
import { type QualifiedName, sqlName } from './names.js';
import type { StageContext } from './row-stage.js';
import { constantsOf, createRowsTable } from './rows-table.js';
import { PostgresStage } from './stage.js';
import { begin } from './transaction.js';

/**
 * The committed shards of an attempt, copied into a fresh table in the transaction that publishes it: rows that were
 * committed before must not be attached, which would show a reader the date empty, and then full, within one snapshot.
 */
export class PostgresShardsStage extends PostgresStage implements ShardsStage {
  #begun = false;

  constructor(
    context: StageContext,
    private readonly shardsTable: QualifiedName,
    readonly manifests: readonly ShardManifest[],
  ) {
    super(context);
  }

  override async finish(): Promise<StagedOutput> {
    return this.guard('putting together the shards of', async () => {
      if (this.staged !== undefined) return this.staged;
      const { session, lockSeconds, layout, checks, rows, attempt, location, target } = this.context;
      await begin(session, lockSeconds);
      this.#begun = true;
      await session.query(createRowsTable(rows, layout, checks, constantsOf(attempt)));
      const columns = columnList(layout);
      const { rowCount } = await session.query(
        `insert into ${sqlName(rows)} (${columns}) select ${columns} from ${sqlName(this.shardsTable)}`,
      );
      const expected = this.manifests.reduce((sum, manifest) => sum + manifest.rows, 0);
      if (rowCount !== expected) throw wrongCount(sqlName(this.shardsTable), rowCount ?? 0, expected);
      const digest = digestOf(this.manifests);
      this.staged = { location: `${sqlName(target)} in ${location}`, digest, rows: expected };
      return this.staged;
    });
  }

  override async rollback(): Promise<void> {
    await this.context.canceller.disarm();
    if (this.#begun) await this.context.session.query('rollback');
    this.#begun = false;
  }
}

function digestOf(manifests: readonly ShardManifest[]): string {
  const hash = createHash('sha256');
  for (const { digest } of manifests) hash.update(digest);
  return `sha256:${hash.digest('hex')}`;
}

function wrongCount(table: string, found: number, expected: number): PredawnError {
  return new PredawnError(
    'data',
    'shards.damaged',
    `${table} has ${found} rows, but its shards committed ${expected}: others changed it.`,
    { hint: 'Nothing was published. Run the date again: it is scored anew.' },
  );
}
