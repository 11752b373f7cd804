/** A small CSV file as texts: golden rows, or what is expected of them. */
export interface TextTable {
  /** The file, for messages. */
  readonly path: string;
  readonly columns: readonly string[];
  /** As many texts as there are columns. */
  readonly rows: readonly (readonly string[])[];
}

/** The texts of one column. */
export function columnTexts({ columns, rows }: TextTable, name: string): string[] {
  const index = columns.indexOf(name);
  return rows.map((row) => row[index]!);
}

/** The same table with its columns the other way round. */
export function withColumnsReversed(table: TextTable): TextTable {
  return {
    path: table.path,
    columns: [...table.columns].reverse(),
    rows: table.rows.map((row) => [...row].reverse()),
  };
}
