import { afterAll, beforeAll, expect, it } from 'vitest';
import { randomNumbers } from '../helpers/random.js';
import type { TestServer } from '../setup/server.js';
import { Findings } from './findings.js';
import type { GroundOnDisk } from './grounds.js';
import { makeInputs } from './inputs.js';
import { type Part, PARTS, provePart } from './parts.js';
import { Proving } from './proving.js';

const SEED = Number(process.env['PREDAWN_TEST_SEED'] ?? Date.now() % 2 ** 31);
/** Of the disk that is filled. */
export const MEGABYTES = 64;
/** Of each destination. */
const SIGNALS = 4;

/** The short form of `npm run faults` on one destination: of each kind of fault a little. */
export function proveShortly(
  open: () => Promise<{ readonly place: GroundOnDisk; readonly server?: TestServer }>,
): void {
  const findings = new Findings();
  let proving: Proving;
  let place: GroundOnDisk;
  let server: TestServer | undefined;
  beforeAll(async () => {
    const inputs = await makeInputs();
    ({ place, server } = await open());
    proving = new Proving(place.ground, inputs, findings);
  }, 120_000);
  afterAll(async () => {
    await place.ground.drop();
    await place.drop();
    await server?.stop();
  });

  it.each(Object.keys(PARTS) as Part[])(
    `holds every promise: %s, seed ${SEED}`,
    async (part) => {
      const { disk } = place;
      const before = findings.problems.length;
      const random = randomNumbers(SEED);
      await provePart(part, { proving, findings, random, isLong: false, signals: SIGNALS, server, disk });
      expect(findings.problems.slice(before)).toEqual([]);
    },
    300_000,
  );
}
