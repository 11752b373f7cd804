import { describe } from 'vitest';
import { filesOnDisk } from './grounds.js';
import { MEGABYTES, proveShortly } from './short.js';

describe('faults while publishing to files', () => {
  proveShortly(async () => ({ place: await filesOnDisk(MEGABYTES) }));
});
