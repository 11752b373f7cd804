/*
 * `npm run faults`: the long form of the fault injection; the files beside this one with `.test.ts` are the short form.
 */
import process from 'node:process';
import { randomNumbers } from '../helpers/random.js';
import { startServer } from '../setup/server.js';
import { Findings } from './findings.js';
import { filesOnDisk, postgresOnDisk } from './grounds.js';
import { makeInputs } from './inputs.js';
import { type FaultOptions, parseOptions, USAGE } from './options.js';
import { provePart } from './parts.js';
import { Proving } from './proving.js';

/** Hundreds of dates lie on it before it is filled. */
const DISK_MEGABYTES = 768;

if (process.argv.includes('--help')) process.stdout.write(USAGE);
else await run(parseOptions(process.argv.slice(2)));

async function run(options: FaultOptions): Promise<void> {
  const { seed, parts } = options;
  const began = Date.now();
  const findings = new Findings((problem) => process.stdout.write(`${problem}\n`));
  process.stdout.write(`Seed ${seed}: ${parts.join(', ')}\n`);
  // A long run that is broken off says what it found.
  const interruption = new AbortController();
  process.once('SIGINT', () => interruption.abort());
  const inputs = await makeInputs();
  const server = await startServer();
  const places = [
    await filesOnDisk(DISK_MEGABYTES),
    await postgresOnDisk(server.url, server, DISK_MEGABYTES),
  ];
  const provings = places.map(async ({ ground, disk }, index) => {
    const proving = new Proving(ground, inputs, findings, interruption.signal);
    for (const part of parts) {
      const random = randomNumbers(seed + index);
      const { signals } = options;
      await provePart(part, { proving, findings, random, isLong: true, signals, server, disk });
      process.stdout.write(`${ground.name}: ${part} done after ${minutesSince(began)} minutes\n`);
    }
  });
  const ends = await Promise.allSettled(provings);
  process.stdout.write(`\n${findings.table(places.map(({ ground }) => ground.name))}\n`);
  process.stdout.write(`\n${minutesSince(began)} minutes, seed ${seed}\n`);
  for (const end of ends)
    if (end.status === 'rejected') process.stdout.write(`Broken off: ${String(end.reason)}\n`);
  process.exitCode =
    findings.problems.length === 0 && ends.every(({ status }) => status === 'fulfilled') ? 0 : 1;
  for (const { ground, drop } of places) {
    await ground.drop();
    await drop();
  }
  await server.stop();
}

function minutesSince(began: number): string {
  return ((Date.now() - began) / 60_000).toFixed(1);
}
