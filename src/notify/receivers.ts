import { describeError, PredawnError } from '../domain/errors.js';
import type { Receiver } from '../domain/run-listener.js';
import type { Channel } from './told.js';

/** Channels as `predawn notify` and `predawn validate` see them. */
export function receiversOf(channels: readonly Channel[]): Receiver[] {
  return channels.map((channel) => ({
    name: channel.name,
    told: channel.told,
    async check() {
      try {
        await channel.check?.();
        return undefined;
      } catch (error) {
        return new PredawnError(
          'configuration',
          'notify.unusable',
          `${channel.name} can't be used: ${describeError(error)}`,
          {
            hint: 'Runs would go on without it. Create it, or give the user of the job the right to write there.',
          },
        );
      }
    },
    test: (call, signal) => channel.test(call, signal),
  }));
}
