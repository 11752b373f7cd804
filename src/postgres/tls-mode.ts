import { PredawnError } from '../domain/errors.js';

const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

/** The pg library's own name for `require` without a root certificate. */
const NO_VERIFY = 'no-verify';

/**
 * A URL to connect with, and one for a server without TLS where the first one asked for TLS and may do without.
 * `sslmode` means what it means to psql: told to pg explicitly, which else reads `prefer`, `require` and `verify-ca`
 * as `verify-full` and warns. Throws kind `configuration`, code `postgres.url`.
 */
export function withTlsMode(
  url: string,
  parameters: URLSearchParams,
  location: string,
): { readonly url: string; readonly withoutTls: string | undefined } {
  // The library takes the last one, too.
  const mode = parameters.getAll('sslmode').at(-1);
  if (mode === undefined || mode === NO_VERIFY) return { url, withoutTls: undefined };
  if (!MODES.includes(mode)) {
    // Anything but a word may be part of a password that was not encoded.
    const shown = /^[a-z-]{1,20}$/i.test(mode) ? `sslmode=${mode}` : 'the sslmode of the URL';
    throw new PredawnError('configuration', 'postgres.url', `${location}: ${shown} is not valid`, {
      hint: `Use one of ${MODES.join(', ')}.`,
    });
  }
  if (mode === 'verify-ca' && !parameters.has('sslrootcert')) {
    throw new PredawnError(
      'configuration',
      'postgres.url',
      `${location}: sslmode=verify-ca needs sslrootcert`,
      {
        hint: "Name the file of the authority's certificate as sslrootcert, or use sslmode=verify-full.",
      },
    );
  }
  const optional = mode === 'allow' || mode === 'prefer';
  return {
    url: `${url}&uselibpqcompat=true${optional ? '&sslmode=prefer' : ''}`,
    withoutTls: optional ? `${url}&sslmode=disable` : undefined,
  };
}
