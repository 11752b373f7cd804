/** The ledger: attempts, slices, our tables, rejects, and the view that people read. */
export const ledger = `
create table predawn.attempts (
  attempt_id uuid primary key,
  job text not null,
  environment text not null,
  as_of date not null,
  status text not null check (status in ('open', 'published', 'unchanged', 'failed')),
  artefact text not null,
  artefact_digest text not null,
  job_digest text not null,
  input_fingerprint text,
  output_digest text,
  target_table text not null,
  rows_table text,
  receipt json,
  error_kind text,
  error_code text,
  error_message text,
  role_name text not null default current_user,
  backend_pid integer not null,
  application_name text not null default current_setting('application_name'),
  started_at timestamptz not null,
  finished_at timestamptz,
  published_at timestamptz
);
comment on table predawn.attempts is 'Every attempt to publish predictions, and its outcome: the ledger. It commits together with the predictions.';
comment on column predawn.attempts.attempt_id is 'UUIDv7, also in the predictions table.';
comment on column predawn.attempts.job is 'Name of the job file.';
comment on column predawn.attempts.environment is 'Environment the attempt ran in.';
comment on column predawn.attempts.as_of is 'Data date: the day that the scored input describes.';
comment on column predawn.attempts.status is 'open (running, or killed and not yet settled by the next run), published, unchanged (the same input was published before) or failed.';
comment on column predawn.attempts.artefact is 'Model, as name@version.';
comment on column predawn.attempts.artefact_digest is 'sha256 of the model.';
comment on column predawn.attempts.job_digest is 'sha256 of the job file.';
comment on column predawn.attempts.input_fingerprint is 'sha256 of the input as it was read.';
comment on column predawn.attempts.output_digest is 'sha256 of the rows as they were copied in.';
comment on column predawn.attempts.target_table is 'Table published to, quoted for SQL.';
comment on column predawn.attempts.rows_table is 'Table that keeps this attempt''s rows for restore, quoted for SQL; null where they are only in the predictions table or are kept no longer.';
comment on column predawn.attempts.receipt is 'The balanced account, as predawn prints it with --json.';
comment on column predawn.attempts.error_kind is 'What kind of failure it was; decides the exit code.';
comment on column predawn.attempts.error_code is 'Stable code of the failure.';
comment on column predawn.attempts.error_message is 'What went wrong.';
comment on column predawn.attempts.role_name is 'Database role that ran it.';
comment on column predawn.attempts.backend_pid is 'Server process that holds the lock of job and date, as in pg_stat_activity.';
comment on column predawn.attempts.application_name is 'As in pg_stat_activity.';
comment on column predawn.attempts.started_at is 'When it began, by the clock of the machine that scored.';
comment on column predawn.attempts.finished_at is 'When it ended; null while it is open.';
comment on column predawn.attempts.published_at is 'When it was published, by the clock of the server; orders the attempts of a slice.';

-- The last defence: whatever happens to the locks, one date has one open attempt.
create unique index attempts_one_open on predawn.attempts (job, as_of) where status = 'open';
create index attempts_by_slice on predawn.attempts (job, as_of, published_at);
create index attempts_by_start on predawn.attempts (started_at);

create table predawn.slices (
  job text not null,
  as_of date not null,
  attempt_id uuid not null references predawn.attempts,
  primary key (job, as_of)
);
comment on table predawn.slices is 'Which attempt''s predictions each job and date hold now.';
comment on column predawn.slices.job is 'Name of the job file.';
comment on column predawn.slices.as_of is 'Data date.';
comment on column predawn.slices.attempt_id is 'The attempt that is published.';

create table predawn.tables (
  schema_name text not null,
  table_name text not null,
  job text not null,
  created_at timestamptz not null default now(),
  primary key (schema_name, table_name)
);
comment on table predawn.tables is 'Predictions tables that predawn created. Any other table is published to by delete and insert.';
comment on column predawn.tables.schema_name is 'Schema, unquoted.';
comment on column predawn.tables.table_name is 'Table, unquoted.';
comment on column predawn.tables.job is 'The one job that publishes to it.';
comment on column predawn.tables.created_at is 'When it was created.';

create table predawn.rejects (
  attempt_id uuid not null references predawn.attempts on delete cascade,
  line bigint not null,
  column_name text,
  code text not null,
  raw text not null
);
create index rejects_by_attempt on predawn.rejects (attempt_id, line);
comment on table predawn.rejects is 'Input rows that could not be scored. Rows of old attempts may be deleted at any time.';
comment on column predawn.rejects.attempt_id is 'The attempt that met the row.';
comment on column predawn.rejects.line is 'Line in the file where the record starts, from 1; for a query, the number of the record.';
comment on column predawn.rejects.column_name is 'Column at fault; null where the whole record is.';
comment on column predawn.rejects.code is 'Why the row could not be scored.';
comment on column predawn.rejects.raw is 'The record as the source had it; NUL characters are shown as U+2400.';

create view predawn.runs as
  select
    attempt.job,
    attempt.as_of,
    attempt.status,
    slice.attempt_id is not null as is_current,
    attempt.artefact,
    attempt.attempt_id,
    (attempt.receipt #>> '{rows,read}')::bigint as rows_read,
    (attempt.receipt #>> '{rows,scored}')::bigint as rows_scored,
    (attempt.receipt #>> '{rows,rejected}')::bigint as rows_rejected,
    attempt.started_at,
    attempt.finished_at,
    attempt.finished_at - attempt.started_at as duration,
    attempt.environment,
    attempt.error_message
  from predawn.attempts as attempt
  left join predawn.slices as slice using (attempt_id);
comment on view predawn.runs is 'One row for each attempt: what ran, what it published, what went wrong. Filter on is_current for what the tables hold now.';
comment on column predawn.runs.job is 'Name of the job file.';
comment on column predawn.runs.as_of is 'Data date: the day that the scored input describes.';
comment on column predawn.runs.status is 'open, published, unchanged or failed.';
comment on column predawn.runs.is_current is 'Whether the predictions of that date are this attempt''s.';
comment on column predawn.runs.artefact is 'Model, as name@version.';
comment on column predawn.runs.attempt_id is 'As in the predictions table.';
comment on column predawn.runs.rows_read is 'Input rows: scored plus rejected. Null unless published or unchanged.';
comment on column predawn.runs.rows_scored is 'Rows with a prediction.';
comment on column predawn.runs.rows_rejected is 'Rows that could not be scored; see predawn.rejects.';
comment on column predawn.runs.started_at is 'When it began.';
comment on column predawn.runs.finished_at is 'When it ended; null while it is open.';
comment on column predawn.runs.duration is 'How long it took.';
comment on column predawn.runs.environment is 'Environment the attempt ran in.';
comment on column predawn.runs.error_message is 'What went wrong, for failed attempts.';
`;
