import { PredawnError } from '../domain/errors.js';

/**
 * The text of a configuration file.
 *
 * @throws PredawnError kind `configuration` for bytes that are not UTF-8
 */
export function readConfigText(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new PredawnError('configuration', 'config.encoding', `${name} is not UTF-8 text.`, {
      hint: 'Save it as UTF-8.',
      cause: error,
    });
  }
}

/** Whether a file system error says that there is no such file. */
export function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
