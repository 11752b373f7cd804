/** Staged attempts, and the history of every slice: who made it whose, and why. */
export const publications = `
alter table predawn.attempts drop constraint attempts_status_check;
alter table predawn.attempts add constraint attempts_status_check
  check (status in ('open', 'published', 'staged', 'unchanged', 'failed'));
comment on column predawn.attempts.status is 'open (running, or killed and not yet settled by the next run), published, staged (passed its gates and waits to be published), unchanged (the same input was published before) or failed.';
comment on column predawn.attempts.rows_table is 'Table that keeps this attempt''s rows, to be restored or published, quoted for SQL; null where they are only in the predictions table or are kept no longer.';
comment on column predawn.attempts.published_at is 'When it was first published, by the clock of the server.';

create table predawn.publications (
  publication_number bigint generated always as identity primary key,
  request_id uuid not null unique,
  job text not null,
  as_of date not null,
  action text not null check (action in ('publish', 'publish-staged', 'restore')),
  from_attempt uuid references predawn.attempts,
  to_attempt uuid not null references predawn.attempts,
  by text not null,
  reason text,
  role_name text not null default current_user,
  at timestamptz not null default clock_timestamp()
);
comment on table predawn.publications is 'Every time a slice became an attempt''s, in order: the history of predawn.slices. Rows are only ever added.';
comment on column predawn.publications.publication_number is 'Orders the publications of a slice.';
comment on column predawn.publications.request_id is 'The attempt that published itself, or a number of the command that moved the slice.';
comment on column predawn.publications.job is 'Name of the job file.';
comment on column predawn.publications.as_of is 'Data date.';
comment on column predawn.publications.action is 'publish (by the run that scored it), publish-staged (predawn publish) or restore (predawn restore).';
comment on column predawn.publications.from_attempt is 'Whose slice it was before; null where the date had none.';
comment on column predawn.publications.to_attempt is 'Whose slice it became.';
comment on column predawn.publications.by is 'Who ran the command, as the machine it ran on has the name.';
comment on column predawn.publications.reason is 'Why, as --reason said.';
comment on column predawn.publications.role_name is 'Database role that ran it.';
comment on column predawn.publications.at is 'When, by the clock of the server.';
create index publications_by_slice on predawn.publications (job, as_of, publication_number);
create index publications_by_attempt on predawn.publications (to_attempt, publication_number);

insert into predawn.publications (request_id, job, as_of, action, from_attempt, to_attempt, by, role_name, at)
select attempt_id, job, as_of, 'publish',
  lag(attempt_id) over (partition by job, as_of order by published_at), attempt_id, role_name, role_name, published_at
from predawn.attempts where status = 'published' order by published_at;

create or replace view predawn.runs as
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
    attempt.error_message,
    attempt.rows_table is not null as rows_kept,
    move.action as last_action,
    move.at as last_moved_at,
    move.by as last_moved_by,
    move.reason as last_reason
  from predawn.attempts as attempt
  left join predawn.slices as slice using (attempt_id)
  left join lateral (
    select action, at, by, reason from predawn.publications
    where to_attempt = attempt.attempt_id order by publication_number desc limit 1
  ) as move on true;
comment on column predawn.runs.status is 'open, published, staged, unchanged or failed.';
comment on column predawn.runs.rows_read is 'Input rows: scored plus rejected. Null unless published, staged or unchanged.';
comment on column predawn.runs.rows_kept is 'Whether its rows are kept apart from the predictions table, to be restored or published.';
comment on column predawn.runs.last_action is 'How the slice last became this attempt''s: publish, publish-staged or restore. Null where it never did.';
comment on column predawn.runs.last_moved_at is 'When that was.';
comment on column predawn.runs.last_moved_by is 'Who ran it.';
comment on column predawn.runs.last_reason is 'Why, as --reason said.';
`;
