import { performance } from 'node:perf_hooks';
import { resourceUsage } from 'node:process';

/** What a gate measures speed and memory with. */
export interface Meters {
  /** Milliseconds from any start, with fractions. */
  clock(): number;
  /** The most memory this process had resident since it started, in bytes. */
  peakRss(): number;
}

export const processMeters: Meters = {
  clock: () => performance.now(),
  // The system counts in kilobytes of 1,024 bytes.
  peakRss: () => resourceUsage().maxRSS * 1024,
};
