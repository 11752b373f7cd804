import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { childProgram } from '../helpers/child-program.js';

/** Starts `count` children on a registry, lets them go at the same moment, and gives what each sends. */
export async function inProcesses<T>(
  location: string,
  count: number,
  argumentsOf: (index: number) => string[],
): Promise<T[]> {
  const script = childProgram('registry-child');
  const children = Array.from({ length: count }, (_, index) =>
    fork(script, [location, ...argumentsOf(index)]),
  );
  await Promise.all(children.map(nextMessage));
  const results = children.map((child) => nextMessage(child) as Promise<T>);
  for (const child of children) child.send('go');
  return Promise.all(results);
}

/** What a child sends next; rejects where it ends without. */
async function nextMessage(child: ChildProcess): Promise<unknown> {
  // Not its exit, which may be told before what it sent.
  const ended = once(child, 'disconnect').then(() => {
    throw new Error('A child ended before it sent anything');
  });
  ended.catch(() => undefined);
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [unknown];
  return message;
}

/** Runs one child to its end; the signal that killed it. */
export async function runToDeath(location: string, ...args: string[]): Promise<NodeJS.Signals | null> {
  const child = fork(childProgram('registry-child'), [location, ...args]);
  const [, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal;
}
