import type pg from 'pg';
import type { DecideRollout } from '../domain/registry.js';
import { damaged } from '../domain/registry-errors.js';
import { mergeHistories } from '../domain/registry-moves.js';
import { parseRolloutMove, recordBytes } from '../domain/registry-records.js';
import type { RolloutMove } from '../domain/rollout.js';
import { isChained } from '../domain/rollout-moves.js';

interface Row {
  readonly environment: string;
  readonly number: number;
  readonly record: Uint8Array;
}

/** The newest move of an environment's rollouts, with its number; undefined where there is none. */
export async function selectLastRolloutMove(
  client: pg.Client,
  model: string,
  environment: string,
): Promise<{ readonly number: number; readonly move: RolloutMove } | undefined> {
  const { rows } = await client.query<Row>(
    `select environment, number, record from predawn.rollout_moves
     where model = $1 and environment = $2 order by number desc limit 1`,
    [model, environment],
  );
  return rows[0] && { number: rows[0].number, move: toMove(model, rows[0]) };
}

/** As `appendMove` of aliases: the primary key lets one of several contenders have the next number. */
export async function appendRolloutMove(
  client: pg.Client,
  model: string,
  environment: string,
  decide: DecideRollout,
): Promise<RolloutMove | undefined> {
  for (;;) {
    const last = await selectLastRolloutMove(client, model, environment);
    const move = decide(last?.move);
    if (move === last?.move || move === undefined) return move;
    const { action, to, at, by, reason } = move;
    const { rowCount } = await client.query(
      `insert into predawn.rollout_moves
         (model, environment, number, action, version, share, moved_at, moved_by, reason, record)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       on conflict (model, environment, number) do nothing`,
      [
        ...[model, environment, (last?.number ?? 0) + 1, action, to?.version, to?.share, at, by, reason],
        Buffer.from(recordBytes(move)),
      ],
    );
    if (rowCount === 1) return move;
  }
}

/** Moves of a model's rollouts in all environments, oldest first. */
export async function selectRollouts(client: pg.Client, model: string): Promise<RolloutMove[]> {
  const { rows } = await client.query<Row>(
    `select environment, number, record from predawn.rollout_moves
     where model = $1 order by environment collate "C", number`,
    [model],
  );
  const environments = new Map<string, RolloutMove[]>();
  for (const row of rows) {
    const moves = environments.get(row.environment) ?? [];
    const move = toMove(model, row);
    if (!isChained(moves.at(-1), move))
      throw damaged(placeOf(model, row), 'it does not begin where the move before it ended');
    moves.push(move);
    environments.set(row.environment, moves);
  }
  return mergeHistories([...environments.values()]);
}

function toMove(model: string, row: Row): RolloutMove {
  return parseRolloutMove(row.record, placeOf(model, row));
}

function placeOf(model: string, { environment, number }: Row): string {
  return `move ${number} of ${model} in ${environment} (predawn.rollout_moves)`;
}
