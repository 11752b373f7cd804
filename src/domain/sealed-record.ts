import { createHash } from 'node:crypto';

const DIGEST_LENGTH = 64;
const BEFORE_DIGEST = ',\n  "digest": "sha256:';
const AFTER_DIGEST = '"\n}\n';
const TAIL = BEFORE_DIGEST.length + DIGEST_LENGTH + AFTER_DIGEST.length;

/**
 * A record as JSON for people to read, too, whose last property is the sha256 of every byte before it. `record` has a
 * property at least, and none named `digest`.
 */
export function sealRecord(record: object): Uint8Array {
  const body = JSON.stringify(record, undefined, 2).slice(0, -'\n}'.length);
  return new TextEncoder().encode(`${body}${BEFORE_DIGEST}${sha256(body)}${AFTER_DIGEST}`);
}

/** The record in sealed bytes, unchecked but for their digest; throws an Error saying what is wrong with a single bit of them changed. */
export function openSealed(bytes: Uint8Array): unknown {
  const body = bytes.subarray(0, Math.max(0, bytes.length - TAIL));
  const tail = Buffer.from(bytes.subarray(body.length)).toString('latin1');
  if (tail !== `${BEFORE_DIGEST}${sha256(body)}${AFTER_DIGEST}`) {
    throw new Error('its contents are not those that its digest was made of');
  }
  return JSON.parse(`${Buffer.from(body).toString('utf8')}\n}`);
}

/** Lower-case hex. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
