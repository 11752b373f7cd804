import type { AliasMove } from '../../../domain/registry.js';

/** What a move did, as one line. */
export function moveText({ model, environment, from, to }: AliasMove): string {
  return `${model}@${to} is live in ${environment}${from === undefined ? '' : ` (before: ${model}@${from})`}.\n`;
}
