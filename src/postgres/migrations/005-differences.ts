/** Kept rows that are stored as differences from a later attempt's. */
export const differences = `
alter table predawn.attempts add column rows_base text;
comment on column predawn.attempts.rows_base is 'Where rows_table holds only what the next attempt changed: the table with that attempt''s rows, quoted for SQL. Null where rows_table holds all rows.';
`;
