import { proveBugs } from './bugs.js';
import { proveClock, proveDays } from './clock.js';
import { proveFullDestination, proveFullOutputs, type SmallDisk } from './disk.js';
import { proveKills } from './kills.js';
import type { TestServer } from '../setup/server.js';
import type { Findings } from './findings.js';
import type { PostgresGround } from './postgres-ground.js';
import type { Proving } from './proving.js';
import { proveCrashes, proveLocks, provePooler, proveTerminations } from './server.js';
import { proveAtOnce, proveFence, proveWithoutLock } from './together.js';
import { proveWire } from './wire.js';

/** What a part of the faults works with. */
export interface Place {
  readonly proving: Proving;
  readonly findings: Findings;
  readonly random: () => number;
  /** Whether everything is tried, or of everything a little. */
  readonly isLong: boolean;
  /** Signals in all. */
  readonly signals: number;
  /** Of the ground, if it is one that may be made to crash. */
  readonly server: TestServer | undefined;
  /** What the ground is on, to be filled; or why there is none. */
  readonly disk: SmallDisk | string | undefined;
}

export interface PartOfFaults {
  /** On any destination. */
  readonly anywhere?: (place: Place) => Promise<void>;
  readonly postgres?: (place: Place, ground: PostgresGround) => Promise<void>;
}

/** The dearest last: a server that is gone is asked again for a while. */
const COMMITS = ['cut before', 'cut after', 'late', 'gone'] as const;

/** The kinds of faults, in the order in which they are tried. */
export const PARTS = {
  signals: {
    anywhere: ({ proving, random, signals }) => proveKills(proving, random, signals),
  },
  wire: {
    postgres: ({ proving, random, isLong }, ground) =>
      proveWire(proving, ground, random, {
        commits: isLong ? [...COMMITS, ...COMMITS, ...COMMITS] : COMMITS,
        harms: isLong ? 120 : 4,
      }),
  },
  server: {
    postgres: async ({ proving, findings, isLong, server }, ground) => {
      if (server !== undefined) await proveCrashes(proving, server, isLong);
      await proveTerminations(proving, ground, isLong);
      await proveLocks(proving, ground, findings, isLong);
      await provePooler(proving, ground, findings);
    },
  },
  disk: {
    anywhere: async ({ proving, findings, isLong, disk }) => {
      const { name } = proving.ground;
      if (typeof disk === 'string') findings.skip(`${name}: a full disk`, disk);
      else if (disk !== undefined) await proveFullDestination(proving, disk, isLong);
      await proveFullOutputs(proving, isLong);
    },
  },
  bugs: {
    anywhere: ({ proving, isLong }) => proveBugs(proving, isLong),
  },
  together: {
    anywhere: async ({ proving, isLong }) => {
      await proveAtOnce(proving, isLong);
      await proveFence(proving, isLong);
    },
    postgres: ({ proving, isLong }, ground) => proveWithoutLock(proving, ground, isLong),
  },
  clock: {
    anywhere: async ({ proving, findings, isLong }) => {
      if (isLong || proving.ground.name === 'files') await proveDays(proving, findings, isLong);
      await proveClock(proving, findings, isLong);
    },
  },
} satisfies Record<string, PartOfFaults>;

export type Part = keyof typeof PARTS;

/** Tries the faults of one part where they can befall. */
export async function provePart(part: Part, place: Place): Promise<void> {
  const { anywhere, postgres }: PartOfFaults = PARTS[part];
  const { ground } = place.proving;
  await anywhere?.(place);
  if (ground.name === 'PostgreSQL') await postgres?.(place, ground as PostgresGround);
}
