import type { TestProject } from '../helpers/project.js';
import type { Input } from './inputs.js';

/** A slice as one text, rows in key order; undefined where the date has none. */
export type Slice = string | undefined;

/** An attempt as `predawn runs --json` shows it. */
export interface Attempt {
  readonly attempt_id: string;
  readonly as_of: string;
  readonly status: string;
  readonly is_current: boolean;
  readonly receipt: {
    readonly input: { readonly fingerprint: string };
    readonly output: { readonly rows: number };
  } | null;
  readonly error: { readonly code: string } | null;
}

/** Where predawn publishes to while it is made to fail, with those who read there. */
export interface Ground {
  readonly name: 'files' | 'PostgreSQL';
  readonly project: TestProject;
  /** The destination, where it is a folder. */
  readonly root?: string;
  /** What the project's settings name. */
  readonly env: Record<string, string>;
  /** The slice that an input makes. */
  sliceOf(input: Input): Promise<Slice>;
  /** The slice as it is. */
  read(date: string): Promise<Slice>;
  /** Starts readers who look at a date without a pause, until they are stopped. */
  watch(date: string): Promise<Watch>;
  /** Resolves when nobody holds the date any more: a server needs a moment to notice that a client is dead. */
  released(date: string): Promise<void>;
  /** What is there of a date that no attempt of `attempts` needs. */
  leftOver(date: string, attempts: readonly Attempt[]): Promise<readonly string[]>;
  drop(): Promise<void>;
}

/** Readers at work. */
export interface Watch {
  /** What each reader saw, in order, the same slice once as long as it stays; and how often they looked. */
  stop(): Promise<{ readonly reads: number; readonly seen: readonly (readonly Slice[])[] }>;
}

/** What a reader says who found a slice that contradicts itself. */
export const TORN = 'torn';

/** Calls `look` again and again, each time when the last one is done, until stopped. */
export function keepLooking(look: () => Promise<readonly Slice[]>): Watch {
  const seen: Slice[] = [];
  let reads = 0;
  let stopped = false;
  const once = async () => {
    const slices = await look();
    reads += slices.length;
    for (const slice of slices) if (reads === slices.length || slice !== seen.at(-1)) seen.push(slice);
  };
  const looking = (async () => {
    while (!stopped) await once();
    await once();
  })();
  looking.catch(() => undefined);
  return {
    stop: async () => {
      stopped = true;
      await looking;
      return { reads, seen: [seen] };
    },
  };
}

/** Several readers as one. */
export function together(watches: readonly Watch[]): Watch {
  return {
    stop: async () => {
      const each = await Promise.all(watches.map((watch) => watch.stop()));
      return {
        reads: each.reduce((sum, { reads }) => sum + reads, 0),
        seen: each.flatMap(({ seen }) => seen),
      };
    },
  };
}
