/** Attempts in shards: what each was planned as, and what each shard of it committed. */
export const shards = `
alter table predawn.attempts add column shard_plan json, add column shards_table text;
comment on column predawn.attempts.shard_plan is 'How its input was cut into shards; null for an attempt in one piece.';
comment on column predawn.attempts.shards_table is 'Table that the shards are committed to until they are published, quoted for SQL; null where there is none any more.';
comment on column predawn.attempts.status is 'open (running, or killed and not yet settled by the next run; in shards: to be resumed), published, staged (passed its gates and waits to be published), unchanged (the same input was published before) or failed.';

drop index predawn.attempts_one_open;
create unique index attempts_one_open on predawn.attempts (job, as_of) where status = 'open' and shard_plan is null;
create unique index attempts_one_in_shards on predawn.attempts (job, as_of) where status = 'open' and shard_plan is not null;

create table predawn.shards (
  attempt_id uuid not null references predawn.attempts on delete cascade,
  shard integer not null check (shard >= 0),
  manifest json not null,
  role_name text not null default current_user,
  committed_at timestamptz not null default clock_timestamp(),
  primary key (attempt_id, shard)
);
comment on table predawn.shards is 'The manifest of each committed shard, in one transaction with its rows: each shard is committed once.';
comment on column predawn.shards.attempt_id is 'The attempt that it is a part of.';
comment on column predawn.shards.shard is 'Counted from 0, in the order of the input.';
comment on column predawn.shards.manifest is 'Rows read, scored and rejected, and the digest of the encoded rows.';
comment on column predawn.shards.role_name is 'Database role that committed it.';
comment on column predawn.shards.committed_at is 'When, by the clock of the server.';
`;
