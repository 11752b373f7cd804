import type { Joining } from './binding-joining.js';
import type { KeySlot } from './columns.js';
import { didYouMean } from './nearest.js';

/** The key columns in the job's order. Reports those that are not there, or can't be keys. */
export function bindKeys({ job, columns, sourceLabel, report }: Joining): KeySlot[] {
  const keys: KeySlot[] = [];
  for (const name of job.key) {
    const found = columns.find(name);
    if (found === undefined) {
      const hint = didYouMean(name, columns.names, `Its columns are: ${[...columns.names].join(', ')}.`);
      report('bind.key_unknown', `key "${name}": ${sourceLabel} has no such column.`, hint);
    } else if (found.ambiguous) {
      report(
        'bind.column_ambiguous',
        `key "${name}": ${sourceLabel} has more than one column of that name.`,
        'Give each column a name of its own in the query or the file.',
      );
    } else if (found.column.keyType === undefined) {
      report(
        'bind.key_type',
        `key "${name}": a ${found.column.typeName} column can't be a key.`,
        `Keys are texts, integers, UUIDs, dates or timestamps. Convert it in the query, for example to text.`,
      );
    } else {
      keys.push({ column: name, sourceIndex: found.index, type: found.column.keyType });
    }
  }
  return keys;
}
