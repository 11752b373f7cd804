import { setTimeout as delay } from 'node:timers/promises';
import { type Fate, type Harm, type Proxy, startProxy, throughProxy } from '../helpers/proxy.js';
import { type Change, CHANGES } from './inputs.js';
import type { PostgresGround } from './postgres-ground.js';
import type { Exit, FaultCase, Proving } from './proving.js';

/** COMMITs that a run sends before the one that publishes: its attempt is recorded as open. */
const OPENING = 1;
/** How long a run that was told to stop may wait for a network that says nothing, before the network breaks. */
const GRACE = 3_000;

const OUTCOMES: Record<Fate, { readonly old: Exit[]; readonly new: Exit[]; readonly says: RegExp }> = {
  'cut before': { old: [75], new: [], says: /postgres\.connection_lost/ },
  'cut after': { old: [], new: [0], says: /never/ },
  late: { old: [], new: [0], says: /never/ },
  gone: { old: [74], new: [], says: /publish\.unresolved/ },
};

/** A proxy between predawn and PostgreSQL that breaks the connection at COMMIT, and at random bytes. */
export async function proveWire(
  proving: Proving,
  ground: PostgresGround,
  random: () => number,
  { commits, harms }: { readonly commits: readonly Fate[]; readonly harms: number },
): Promise<void> {
  const proxy = await startProxy(ground.database.url);
  try {
    for (const fate of commits)
      await proving.prove(commitCase(proxy, ground, fate, CHANGES[Math.floor(random() * CHANGES.length)]!));
    const lengths = new Map<Change, Proxy['passed']>();
    // A run of each kind is measured first.
    const changes = harms < 10 ? (['few'] as const) : CHANGES;
    for (let done = 0; done < harms; done++) {
      const change = changes[done % changes.length]!;
      if (!lengths.has(change)) lengths.set(change, await measure(proving, proxy, ground, change));
      await proving.prove(harmCase(proxy, ground, change, randomHarm(random, done, lengths.get(change)!)));
    }
  } finally {
    await proxy.close();
  }
}

function commitCase(proxy: Proxy, ground: PostgresGround, fate: Fate, change: Change): FaultCase {
  const { says, ...exits } = OUTCOMES[fate];
  return {
    kind: `COMMIT: ${fate}`,
    name: `COMMIT ${fate}`,
    change,
    env: { DESTINATION: throughProxy(ground.database.url, proxy) },
    begin: () => proxy.arm(fate, OPENING),
    mend: async () => proxy.disarm(),
    exits,
    says,
  };
}

/** How many bytes a run sends and gets. */
async function measure(
  proving: Proving,
  proxy: Proxy,
  ground: PostgresGround,
  change: Change,
): Promise<Proxy['passed']> {
  await proving.prove({
    ...harmCase(proxy, ground, change, { direction: 'to the server', byte: Infinity, what: 'delay' }),
    kind: undefined,
    act: () => Promise.resolve(),
    exits: { old: [], new: [0] },
  });
  return { ...proxy.passed };
}

const WHAT: readonly Harm['what'][] = ['cut', 'reset', 'stall', 'delay'];

/** Each kind in turn, at any byte of a run. */
function randomHarm(random: () => number, turn: number, passed: Proxy['passed']): Harm {
  const direction = random() < 0.5 ? 'to the server' : 'to the client';
  // Of two runs of a kind one may say a little less.
  const length = 0.9 * passed[direction];
  return { direction, byte: Math.floor(random() * length), what: WHAT[turn % WHAT.length]! };
}

function harmCase(proxy: Proxy, ground: PostgresGround, change: Change, harm: Harm): FaultCase {
  const { what, byte, direction } = harm;
  let harmed: Promise<void>;
  return {
    kind: `connection: ${what} at a byte`,
    name: `${what} at byte ${byte} ${direction}`,
    change,
    env: { DESTINATION: throughProxy(ground.database.url, proxy) },
    begin: () => {
      harmed = proxy.armHarm(harm);
    },
    act: async ({ child, finished }) => {
      const wasHarmed = await Promise.race([harmed.then(() => true), finished.then(() => false)]);
      if (!wasHarmed) throw new Error(`it ended before byte ${byte} ${direction}`);
      if (what !== 'stall') return;
      // It waits, as long as the network says nothing; whoever runs it loses patience.
      child.kill('SIGTERM');
      await Promise.race([finished, delay(GRACE)]);
      proxy.disarm();
    },
    mend: async () => proxy.disarm(),
    exits:
      what === 'delay'
        ? { old: [], new: [0] }
        : what === 'stall'
          ? { old: [143, 75], new: [0] }
          : { old: [75], new: [0] },
  };
}
