/** The registry: artefacts with their files, and the moves of aliases. Rows are inserted, never changed. */
export const registry = `
create table predawn.artefacts (
  model text not null,
  version integer not null check (version > 0),
  digest text not null,
  manifest bytea not null,
  primary key (model, version)
);
comment on table predawn.artefacts is 'Versions of models. Never changed once inserted.';
comment on column predawn.artefacts.model is 'Name of the model.';
comment on column predawn.artefacts.version is 'Counted from 1 for each model.';
comment on column predawn.artefacts.digest is 'sha256 of the ONNX file, as in the ledger.';
comment on column predawn.artefacts.manifest is 'manifest.json, byte by byte: convert_from(manifest, ''UTF8'')::json shows it.';

create table predawn.artefact_files (
  model text not null,
  version integer not null,
  file text not null,
  piece integer not null check (piece >= 0),
  bytes bytea not null,
  primary key (model, version, file, piece),
  foreign key (model, version) references predawn.artefacts
);
alter table predawn.artefact_files alter column bytes set storage external;
comment on table predawn.artefact_files is 'Files of the versions, in pieces. Never changed once inserted.';
comment on column predawn.artefact_files.model is 'Name of the model.';
comment on column predawn.artefact_files.version is 'Its version.';
comment on column predawn.artefact_files.file is 'model.onnx or golden.json.';
comment on column predawn.artefact_files.piece is 'Counted from 0.';
comment on column predawn.artefact_files.bytes is 'The piece. The manifest has the sha256 of the whole file.';

create table predawn.alias_moves (
  model text not null,
  environment text not null,
  number integer not null check (number > 0),
  from_version integer,
  to_version integer not null,
  digest text not null,
  action text not null check (action in ('promote', 'rollback')),
  moved_at timestamptz not null,
  moved_by text not null,
  reason text,
  gate json,
  accepted json,
  primary key (model, environment, number),
  foreign key (model, to_version) references predawn.artefacts,
  check ((number = 1) = (from_version is null))
);
comment on table predawn.alias_moves is 'Which version was made live where, by whom and why. The move with the highest number holds. Never changed once inserted.';
comment on column predawn.alias_moves.model is 'Name of the model.';
comment on column predawn.alias_moves.environment is 'Where the version was made live.';
comment on column predawn.alias_moves.number is 'Counted from 1, without gaps, for each model and environment.';
comment on column predawn.alias_moves.from_version is 'What was live before; null for the first move.';
comment on column predawn.alias_moves.to_version is 'What is live since.';
comment on column predawn.alias_moves.digest is 'Digest of that version.';
comment on column predawn.alias_moves.action is 'promote or rollback.';
comment on column predawn.alias_moves.moved_at is 'When, by the clock of whoever moved it.';
comment on column predawn.alias_moves.moved_by is 'Who.';
comment on column predawn.alias_moves.reason is 'Why.';
comment on column predawn.alias_moves.gate is 'Report of the gate that was passed.';
comment on column predawn.alias_moves.accepted is 'Checks of the gate that did not hold and were accepted, with the reason.';
`;
