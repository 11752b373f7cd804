import type { Services } from '../run/services.js';

/** Where a command writes. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY: boolean;
  readonly columns: number | undefined;
}

/** Everything a command may know of the world; only `main.ts` makes one from the real process. */
export interface CommandContext {
  readonly services: Services;
  readonly cwd: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** How to start this very program once more: Node.js with its options, and the entry file. All absolute. */
  readonly program: readonly string[];
  readonly cores: number;
  readonly user: string;
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  /** Aborts with the PredawnError of kind `interrupted` to be thrown. */
  readonly signal: AbortSignal;
  now(): Date;
  newAttemptId(): string;
}
