import { describe, inject } from 'vitest';
import { startServer } from '../setup/server.js';
import { postgresOnDisk } from './grounds.js';
import { MEGABYTES, proveShortly } from './short.js';

describe('faults while publishing to PostgreSQL', () => {
  // A server of our own may be made to crash; one that was given may not.
  const isGiven = (process.env['PREDAWN_TEST_DATABASE_URL'] ?? '') !== '';
  proveShortly(async () => {
    if (isGiven) return { place: await postgresOnDisk(inject('postgresUrl'), undefined, MEGABYTES) };
    const server = await startServer();
    return { place: await postgresOnDisk(server.url, server, MEGABYTES), server };
  });
});
