/** The middle value; of an even number of values, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Seconds that `work` takes. */
export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** What some work in this process and its threads took, in seconds. */
export interface Cost {
  readonly wall: number;
  /** With the database server's; undefined where that can't be known. */
  readonly cpu: number | undefined;
}

/** CPU seconds that a server took so far; undefined where that can't be known. */
export type CpuClock = () => number | undefined;

export const NO_SERVER: CpuClock = () => 0;

export async function costOf(work: () => Promise<unknown>, server: CpuClock): Promise<Cost> {
  const serverStart = server();
  const start = process.cpuUsage();
  const wall = await secondsOf(work);
  const { user, system } = process.cpuUsage(start);
  const serverEnd = server();
  const known = serverStart !== undefined && serverEnd !== undefined;
  return { wall, cpu: known ? (user + system) / 1e6 + serverEnd - serverStart : undefined };
}

/** Of several costs of the same work. */
export function medianCost(costs: readonly Cost[]): Cost {
  const cpu = costs.flatMap((cost) => (cost.cpu === undefined ? [] : [cost.cpu]));
  return {
    wall: median(costs.map(({ wall }) => wall)),
    cpu: cpu.length === costs.length ? median(cpu) : undefined,
  };
}

export function addCosts(one: Cost, other: Cost): Cost {
  const known = one.cpu !== undefined && other.cpu !== undefined;
  return { wall: one.wall + other.wall, cpu: known ? one.cpu + other.cpu : undefined };
}
