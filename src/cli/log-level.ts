import { PredawnError } from '../domain/errors.js';
import { didYouMean } from '../domain/nearest.js';
import type { CommandContext } from './context.js';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** `$PREDAWN_LOG_LEVEL`, else `otherwise`. @throws PredawnError kind `usage` for a level that is none */
export function logLevel({ variables }: CommandContext, otherwise: string): string {
  const asked = variables['PREDAWN_LOG_LEVEL'] ?? '';
  if (asked === '') return otherwise;
  if (LOG_LEVELS.includes(asked)) return asked;
  throw new PredawnError('usage', 'log.level', `PREDAWN_LOG_LEVEL is ${asked}, which is no log level.`, {
    hint: didYouMean(asked, LOG_LEVELS, `Levels are ${LOG_LEVELS.join(', ')}.`),
  });
}
