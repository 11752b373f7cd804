import { InvalidArgumentError, Option } from 'commander';

/** For commander: an option that takes a whole number, 0 or more. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError('It must be a whole number, 0 or more.');
  return value;
}

/** Of an attempt: the most that anyone will need, and few enough to be written down with it. */
const MOST_SHARDS = 10_000;

/** For commander: an option that takes a number of shards. */
export function shardCount(text: string): number {
  const value = positiveInteger(text);
  if (value > MOST_SHARDS) throw new InvalidArgumentError(`It must be ${MOST_SHARDS} at most.`);
  return value;
}

/** For commander: an option that takes a whole number above 0. */
export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number above 0.');
  return value;
}

/** Gates that a person lets pass, each by its name. */
export function acceptOption(): Option {
  return new Option(
    '--accept <gate>',
    'publish although this gate of the job file blocks; needs --reason, may be repeated',
  ).argParser((gate: string, before: readonly string[] | undefined) => [...(before ?? []), gate]);
}
