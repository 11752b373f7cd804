/** Shadows and canaries: what is tried out beside the live version. Rows are inserted, never changed. */
export const rollouts = `
create table predawn.rollout_moves (
  model text not null,
  environment text not null,
  number integer not null check (number > 0),
  action text not null check (action in ('start', 'stop', 'clean', 'advance', 'fail')),
  version integer,
  share double precision,
  moved_at timestamptz not null,
  moved_by text not null,
  reason text,
  record bytea not null,
  primary key (model, environment, number),
  foreign key (model, version) references predawn.artefacts
);
comment on table predawn.rollout_moves is 'Shadows and canaries: what is tried out where, by whom and why. The move with the highest number holds. Never changed once inserted.';
comment on column predawn.rollout_moves.model is 'Name of the model.';
comment on column predawn.rollout_moves.environment is 'Where it is tried out.';
comment on column predawn.rollout_moves.number is 'Counted from 1, without gaps, for each model and environment.';
comment on column predawn.rollout_moves.action is 'start or stop by a person; clean, advance or fail by a run.';
comment on column predawn.rollout_moves.version is 'The candidate; null after stop.';
comment on column predawn.rollout_moves.share is 'Share of the keys that it scores since, 0 to 1; null after stop.';
comment on column predawn.rollout_moves.moved_at is 'When, by the clock of whoever moved it.';
comment on column predawn.rollout_moves.moved_by is 'Who; predawn for runs.';
comment on column predawn.rollout_moves.reason is 'Why.';
comment on column predawn.rollout_moves.record is 'The whole move, byte by byte: convert_from(record, ''UTF8'')::json shows it.';
`;
