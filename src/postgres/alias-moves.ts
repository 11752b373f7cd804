import type pg from 'pg';
import type { AliasMove } from '../domain/registry.js';
import { checkChain } from '../domain/registry-moves.js';
import { checkMove } from '../domain/registry-records.js';

interface Row {
  readonly environment: string;
  readonly number: number;
  readonly from_version: number | null;
  readonly to_version: number;
  readonly digest: string;
  readonly action: string;
  readonly moved_at: Date;
  readonly moved_by: string;
  readonly reason: string | null;
  readonly gate: unknown;
  readonly accepted: unknown;
}

const COLUMNS =
  'environment, number, from_version, to_version, digest, action, moved_at, moved_by, reason, gate, accepted';

/** The newest move of a model's alias, which says what is live, with its number; undefined where there is none. */
export async function selectLastMove(
  client: pg.Client,
  model: string,
  environment: string,
): Promise<{ readonly number: number; readonly move: AliasMove } | undefined> {
  const { rows } = await client.query<Row>(
    `select ${COLUMNS} from predawn.alias_moves where model = $1 and environment = $2 order by number desc limit 1`,
    [model, environment],
  );
  return rows[0] && { number: rows[0].number, move: toMove(model, rows[0]) };
}

/** Every move of a model's aliases, oldest first within each environment. Throws where they are no chain. */
export async function selectMoves(client: pg.Client, model: string): Promise<AliasMove[][]> {
  const { rows } = await client.query<Row>(
    `select ${COLUMNS} from predawn.alias_moves where model = $1 order by environment collate "C", number`,
    [model],
  );
  const environments = new Map<string, AliasMove[]>();
  for (const row of rows) {
    const moves = environments.get(row.environment) ?? [];
    const move = toMove(model, row);
    checkChain(moves.at(-1), move, placeOf(model, row));
    moves.push(move);
    environments.set(row.environment, moves);
  }
  return [...environments.values()];
}

/**
 * Appends the move that `decide` makes of the newest one; nothing where `decide` gives that newest one back. The primary
 * key of (model, environment, number) lets one of several contenders have the next number: the others ask `decide` again,
 * with the newer move. So no move is lost, and each begins where the one before it ended.
 */
export async function appendMove(
  client: pg.Client,
  model: string,
  environment: string,
  decide: (last: AliasMove | undefined) => AliasMove | Promise<AliasMove>,
): Promise<AliasMove> {
  for (;;) {
    const last = await selectLastMove(client, model, environment);
    const move = await decide(last?.move);
    if (move === last?.move) return move;
    const { rowCount } = await client.query(
      `insert into predawn.alias_moves (model, ${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
       on conflict (model, environment, number) do nothing`,
      [
        ...[model, environment, (last?.number ?? 0) + 1, move.from, move.to, move.digest, move.action],
        ...[move.at, move.by, move.reason, json(move.gate), json(move.accepted)],
      ],
    );
    if (rowCount === 1) return move;
  }
}

function json(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

function placeOf(model: string, { environment, number }: Row): string {
  return `move ${number} of ${model} in ${environment} (predawn.alias_moves)`;
}

function toMove(model: string, row: Row): AliasMove {
  const found = {
    ...{ model, environment: row.environment, from: row.from_version ?? undefined, to: row.to_version },
    ...{ digest: row.digest, action: row.action, at: row.moved_at.toISOString(), by: row.moved_by },
    ...{ reason: row.reason ?? undefined, gate: row.gate ?? undefined, accepted: row.accepted ?? undefined },
  };
  return checkMove(found, placeOf(model, row));
}
