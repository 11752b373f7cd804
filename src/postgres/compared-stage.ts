import type pg from 'pg';
import type { ColumnComparison, Difference, SliceComparison } from '../domain/comparison.js';
import { PredawnError } from '../domain/errors.js';
import type { ComparedStage } from '../domain/publication.js';
import { quoteIdentifier, quoteLiteral } from './connection.js';
import { keysAsText } from './duplicates.js';
import { columnsOf, layoutOf, type LayoutColumn } from './layout.js';
import { sqlName } from './names.js';
import { PostgresRowStage } from './row-stage.js';

type OutputColumn = LayoutColumn & { readonly type: ColumnComparison['type'] };

const NUMBERS: readonly string[] = ['float4', 'float8', 'int4', 'int8'];

/** Compares in the database: the staged table with the slice, in the transaction that staged. */
export class PostgresComparedStage extends PostgresRowStage implements ComparedStage {
  compare(limit: number): Promise<SliceComparison | undefined> {
    return this.guard('comparing', async () => {
      await this.requireKey();
      if (this.current === undefined) return undefined;
      const { session, attempt } = this.context;
      await this.#requireCurrent();
      await session.query(`select set_config('work_mem', '64MB', true)
        from pg_catalog.pg_settings where name = 'work_mem' and setting::bigint < 65536`);
      await session.query(this.#differencesQuery());
      await this.#requireCurrent();
      const counts = await session.query<Record<'only_staged' | 'only_slice' | 'changed', string>>(
        `select count(*) filter (where side = 'staged') as only_staged,
           count(*) filter (where side = 'slice') as only_slice,
           count(*) filter (where side = 'both') as changed
         from pg_temp.predawn_differences`,
      );
      const { only_staged, only_slice, changed } = counts.rows[0]!;
      const columns: ColumnComparison[] = [];
      for (const [index, column] of this.#outputs().entries()) {
        columns.push(await compareColumn(session, column, index, limit));
      }
      const staged = this.output().rows;
      const onlyStaged = Number(only_staged);
      const onlySlice = Number(only_slice);
      const slice = staged - onlyStaged + onlySlice;
      if (slice !== this.current.receipt.output.rows) throw moved(attempt.job, attempt.asOf);
      return { staged, slice, onlyStaged, onlySlice, changed: Number(changed), columns };
    });
  }

  #outputs(): readonly OutputColumn[] {
    return columnsOf(layoutOf(this.context.attempt.target), 'output') as readonly OutputColumn[];
  }

  /** One statement, so that it sees the slice at one moment: every row that is not the same on both sides. */
  #differencesQuery(): string {
    const { attempt, rows, target } = this.context;
    const layout = layoutOf(attempt.target);
    const keys = columnsOf(layout, 'key');
    const sameKey = keys
      .map(({ name }) => `live.${quoteIdentifier(name)} = fresh.${quoteIdentifier(name)}`)
      .join(' and ');
    const keyText = (side: string) => keysAsText(keys, `${side}.`);
    const values = this.#outputs().flatMap(({ name, type }, index) => [
      `live.${quoteIdentifier(name)}::${type} as was_${index}`,
      `fresh.${quoteIdentifier(name)} as is_${index}`,
    ]);
    const differ = this.#outputs()
      .map(({ name, type }) => {
        const column = quoteIdentifier(name);
        return `live.${column}::${type} is distinct from fresh.${column}`;
      })
      .join(' or ');
    return `create temporary table predawn_differences on commit drop as
      select case when live.predawn_there is null then 'staged' when fresh.predawn_there is null then 'slice' else 'both' end as side,
        coalesce(${keyText('fresh')}, ${keyText('live')}) as key, ${values.join(', ')}
      from (select true as predawn_there, * from ${sqlName(target)} where as_of = date ${quoteLiteral(attempt.asOf)}) as live
      full join (select true as predawn_there, * from ${sqlName(rows)}) as fresh on ${sameKey}
      where live.predawn_there is null or fresh.predawn_there is null${differ === '' ? '' : ` or ${differ}`}`;
  }

  /** The date's lock is not held: a run may publish meanwhile. */
  async #requireCurrent(): Promise<void> {
    const { session, attempt } = this.context;
    const { rows } = await session.query<{ id: string }>(
      'select attempt_id as id from predawn.slices where job = $1 and as_of = $2::date',
      [attempt.job, attempt.asOf],
    );
    if (rows[0]?.id !== this.current?.attemptId) throw moved(attempt.job, attempt.asOf);
  }
}

async function compareColumn(
  session: pg.Client,
  { name, type }: OutputColumn,
  index: number,
  limit: number,
): Promise<ColumnComparison> {
  const was = `was_${index}`;
  const is = `is_${index}`;
  const changed = `side = 'both' and ${was} is distinct from ${is}`;
  const count = await session.query<{ changed: string }>(
    `select count(*) as changed from pg_temp.predawn_differences where ${changed}`,
  );
  const number = NUMBERS.includes(type);
  const difference = differenceOf(type, was, is);
  const order = number ? 'abs(difference) desc nulls first, ' : '';
  const { rows } = await session.query<
    Omit<Difference, 'difference'> & { readonly difference: number | null }
  >(
    `select key, was, "is", difference
     from (select key, ${was}::text as was, ${is}::text as "is", ${difference} as difference
           from pg_temp.predawn_differences where ${changed}) as changed
     order by ${order}key collate "C" limit $1`,
    [limit],
  );
  const largest = rows.map((row) => ({ ...row, difference: row.difference ?? undefined }));
  return { column: name, type, changed: Number(count.rows[0]!.changed), largest };
}

/** SQL: what is not finite, or would overflow, has no difference that says anything. */
function differenceOf(type: OutputColumn['type'], was: string, is: string): string {
  switch (type) {
    case 'int4':
    case 'int8':
      return `(${is}::numeric - ${was}::numeric)::float8`;
    case 'float4':
    case 'float8':
      return `case when abs(${is}::float8) < 1e300 and abs(${was}::float8) < 1e300
        then ${is}::float8 - ${was}::float8 end`;
    default:
      return 'null::float8';
  }
}

function moved(job: string, asOf: string): PredawnError {
  return new PredawnError(
    'unavailable',
    'compare.moved',
    `${job} for ${asOf} was published, or changed by others, while it was being compared.`,
    { hint: 'Run the comparison again.' },
  );
}
