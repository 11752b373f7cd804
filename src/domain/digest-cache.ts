/**
 * Files that were fetched before, by their digest.
 *
 * To implement: never give bytes of another digest, be they damaged or half-written; give none instead. Throw nothing:
 * where nothing can be kept, nothing is.
 */
export interface DigestCache {
  /** @param sha256 lower-case hex */
  read(sha256: string): Promise<Uint8Array<SharedArrayBuffer> | undefined>;
  write(sha256: string, bytes: Uint8Array): Promise<void>;
}
