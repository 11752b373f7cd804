import { InvalidArgumentError } from 'commander';

/** For commander: an option that takes a share in percent, `5%` or `5`; given as 0 to 1. */
export function shareOption(text: string): number {
  const percent = Number(/^(\d+(?:\.\d+)?)\s*%?$/.exec(text.trim())?.[1] ?? NaN);
  if (!(percent > 0 && percent <= 100))
    throw new InvalidArgumentError('It must be a percentage above 0 and up to 100: 5%.');
  return percent / 100;
}

/** For commander: an option that takes ascending shares in percent, `5,25,100`. */
export function rampOption(text: string): readonly number[] {
  const shares = text.split(',').map(shareOption);
  if (shares.some((share, index) => index > 0 && share <= shares[index - 1]!))
    throw new InvalidArgumentError('Each share must be larger than the one before it: 5,25,100.');
  return shares;
}
