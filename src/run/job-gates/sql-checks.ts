import type { Job } from '../../domain/job.js';
import { MOST_OFFENDING, type OffendingRow } from '../../domain/offending.js';
import type { RowStage, SqlFinding } from '../../domain/publication.js';

/** What the job's checks in SQL found. */
export interface SqlFindings {
  readonly findings: Readonly<Record<string, SqlFinding>>;
  readonly rows: readonly OffendingRow[];
}

/** Asks them of the staged rows, one after the other; nothing where the destination has no SQL. */
export async function askSql({ gates }: Job, stage: Pick<RowStage, 'select'>): Promise<SqlFindings> {
  const findings: Record<string, SqlFinding> = {};
  const rows: OffendingRow[] = [];
  for (const [name, { sql }] of Object.entries(gates?.checks ?? {})) {
    const found = sql === undefined ? undefined : await stage.select?.(sql, name, MOST_OFFENDING);
    if (found === undefined) continue;
    findings[name] = found;
    if (found.kind === 'rows')
      for (const row of found.first) rows.push({ gate: 'checks', subject: name, key: '', row });
  }
  return { findings, rows };
}
