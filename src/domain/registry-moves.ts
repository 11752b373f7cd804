import { PredawnError } from './errors.js';
import type { AliasMove, PromotionRequest } from './registry.js';
import { damaged, replacedVersion } from './registry-errors.js';

/**
 * The move that a promotion makes of the newest one, which is given back where that version is live already: recorded
 * as a move, it would make the next rollback lead to the version that is live.
 *
 * @param digest the version's
 * @param at ISO 8601, UTC
 * @throws PredawnError kind `unavailable`, code `alias.moved`, where another version is live than `expectedFrom`
 */
export function promotion(
  last: AliasMove | undefined,
  request: PromotionRequest,
  digest: string,
  at: string,
): AliasMove {
  const { name, version, environment, by, reason, gate, accepted, expectedFrom } = request;
  if (expectedFrom !== undefined && (last?.to ?? null) !== expectedFrom) {
    throw new PredawnError(
      'unavailable',
      'alias.moved',
      `${name}@${last?.to ?? 'none'} is live in ${environment} now, no longer ${expectedFrom === null ? 'nothing' : `${name}@${expectedFrom}`}: somebody moved the alias meanwhile.`,
      { hint: `See "predawn model history ${name}", then promote again.` },
    );
  }
  if (last?.to === version) return last;
  return {
    ...{ model: name, environment, from: last?.to, to: version, digest, action: 'promote' },
    ...{ at, by, reason, gate, accepted },
  };
}

/**
 * The version that a rollback leads to: the one that was live before the last move.
 *
 * @throws PredawnError kind `configuration`, code `alias.no_previous`, where there was none
 */
export function previousVersion(last: AliasMove | undefined, name: string, environment: string): number {
  if (last?.from !== undefined) return last.from;
  const state =
    last === undefined
      ? `No version of ${name} was ever live in ${environment}`
      : `No version of ${name} was live in ${environment} before ${last.to}`;
  throw new PredawnError(
    'configuration',
    'alias.no_previous',
    `${state}; there is nothing to roll back to.`,
    {
      hint: `Name a version instead: "predawn model promote ${name} VERSION --to ${environment}".`,
    },
  );
}

/** The move of a rollback to `previousVersion(last)`, whose digest is `digest`. */
export function rollbackMove(
  last: AliasMove,
  digest: string,
  facts: Pick<AliasMove, 'at' | 'by' | 'reason'>,
): AliasMove {
  const { model, environment, from, to } = last;
  return {
    ...{ model, environment, from: to, to: from!, digest, action: 'rollback' },
    ...facts,
    ...{ gate: undefined, accepted: undefined },
  };
}

/** Throws kind `artefact`, code `artefact.digest`, where one of `moves`, all to one version, was to another digest. */
export function checkSameDigest(moves: readonly AliasMove[], digest: string, where: string): void {
  const before = moves.find((move) => move.digest !== digest);
  if (before !== undefined) throw replacedVersion(where, before, digest);
}

/** Throws kind `artefact`, code `registry.damaged`, where a move does not begin where the one before it ended. */
export function checkChain(before: AliasMove | undefined, move: AliasMove, where: string): void {
  if (move.from !== before?.to) throw damaged(where, 'it does not begin where the move before it ended');
}

/**
 * Moves of several environments as one history, oldest first, each environment's in its own order whatever the clocks.
 */
export function mergeHistories<Move extends { readonly at: string }>(
  environments: readonly (readonly Move[])[],
): Move[] {
  const dated = environments.flatMap((moves) => {
    let latest = '';
    return moves.map((move) => {
      latest = move.at > latest ? move.at : latest;
      return { at: latest, move };
    });
  });
  return dated.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).map(({ move }) => move);
}
