/** The version of the schema that has these rows; an older one is read without. */
export const WITH_OFFENDING = 7;

/** Rows that gates of a job file objected to. */
export const offendingRows = `
create table predawn.offending_rows (
  attempt_id uuid not null references predawn.attempts on delete cascade,
  row_number integer not null,
  gate text not null,
  subject text not null,
  row_key text not null,
  row_text text not null,
  primary key (attempt_id, row_number)
);
comment on table predawn.offending_rows is 'The first rows of an attempt that each gate of its job file objected to. Rows of old attempts may be deleted at any time.';
comment on column predawn.offending_rows.attempt_id is 'The attempt that met the row.';
comment on column predawn.offending_rows.row_number is 'Counted from 0, in the order in which they were met.';
comment on column predawn.offending_rows.gate is 'The gate: unknown_categories or checks.';
comment on column predawn.offending_rows.subject is 'The feature, or the name of the check.';
comment on column predawn.offending_rows.row_key is 'Key of the row, its columns joined by a comma; empty where it is not known.';
comment on column predawn.offending_rows.row_text is 'What is wrong with it: a value, or the row as JSON.';
`;
