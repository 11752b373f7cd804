import { execFile } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import type { Step } from '../../src/domain/failpoint.js';
import { CHANGES } from './inputs.js';
import type { Exit, FaultCase, Proving } from './proving.js';

const execute = promisify(execFile);
const FULL = '/dev/full';

/** A small file system of its own, that can be filled to the last byte. */
export interface SmallDisk {
  readonly folder: string;
  fill(): Promise<void>;
  /** Makes room again. */
  free(): Promise<void>;
  drop(): Promise<void>;
}

/** Mounts one; says why not where the machine does not allow that. */
export async function smallDisk(megabytes: number): Promise<SmallDisk | string> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'only root may mount a small file system';
  const folder = await mkdtemp(path.join(tmpdir(), 'predawn-disk-'));
  const options = `size=${megabytes}m,mode=0777`;
  try {
    await execute('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
  } catch {
    await rm(folder, { recursive: true });
    return 'this machine does not let root mount a small file system';
  }
  const ballast = path.join(folder, 'ballast');
  return {
    folder,
    fill: async () => {
      const file = await open(ballast, 'a');
      try {
        for (const chunk = Buffer.alloc(1_048_576, 1); ;) await file.appendFile(chunk);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      } finally {
        await file.close();
      }
      if ((await stat(ballast)).size === 0) throw new Error('the disk was full before');
    },
    free: () => rm(ballast, { force: true }),
    drop: async () => {
      await execute('umount', ['--lazy', folder]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Where the disk gets full: what is published by then stays, and what is not must wait for another run. */
const FILES_STEPS: readonly (readonly [Step, FaultCase['exits']])[] = [
  ['lock taken', { old: [75], new: [] }],
  ['attempt opened', { old: [75], new: [] }],
  ['block staged', { old: [75], new: [] }],
  ['rows staged', { old: [75], new: [] }],
  ['gates passed', { old: [75], new: [] }],
  // A link and a rename need no room of their own, but may.
  ['recorded', { old: [75], new: [0, 74] }],
  ['renamed', { old: [], new: [74] }],
  ['published', { old: [], new: [0] }],
];

const POSTGRES_STEPS: readonly (readonly [Step, FaultCase['exits']])[] = [
  // What has room in pages that are there needs none.
  ['attempt opened', { old: [75], new: [0] }],
  ['block staged', { old: [75], new: [0] }],
  ['rows staged', { old: [75], new: [0] }],
  ['fence passed', { old: [75], new: [0] }],
  ['slice changed', { old: [75], new: [0] }],
  ['committing', { old: [75], new: [0] }],
  ['committed', { old: [], new: [0] }],
];

/** The disk under the destination gets full at each step; it has room again for the next run. */
export async function proveFullDestination(
  proving: Proving,
  disk: SmallDisk,
  isLong: boolean,
): Promise<void> {
  const isFiles = proving.ground.name === 'files';
  const all = isFiles ? FILES_STEPS : POSTGRES_STEPS;
  const some: Step[] = ['attempt opened', 'renamed', 'fence passed'];
  for (const change of isLong ? CHANGES : (['many'] as const))
    for (const [step, exits] of isLong ? all : all.filter(([each]) => some.includes(each)))
      await proving.prove({
        kind: 'disk of the destination full',
        name: `disk full at ${step}`,
        change,
        failpoint: { step, action: 'wait' },
        act: async ({ child, wrote }) => {
          await wrote(new RegExp(`failpoint: ${step}`));
          await disk.fill();
          child.kill('SIGUSR2');
        },
        mend: () => disk.free(),
        exits,
        says: isFiles ? /disk\.full|files\.unrecorded/ : /postgres\./,
      });
}

/** Reports and output that nothing can be written to: published all the same, and said so by the exit code. */
export async function proveFullOutputs(proving: Proving, isLong: boolean): Promise<void> {
  if (!existsSync(FULL)) return;
  const full = openSync(FULL, 'w');
  const published: { old: Exit[]; new: Exit[] } = { old: [], new: [0] };
  const outputs = [
    ['--report', { args: ['--report', FULL], warns: /report .* could not be written/ }],
    ['stdout', { stdout: full, args: ['--json'] }],
    ['stderr', { stderr: full }],
  ] as const;
  try {
    for (const [what, more] of isLong ? outputs : outputs.slice(0, 1))
      await proving.prove({
        ...{ kind: `${what} full`, name: `${what} full`, change: 'many', exits: published },
        ...more,
      });
  } finally {
    closeSync(full);
  }
  if (!isLong) return;
  // Not the destination's: there a run would have no room for its rows.
  const disk = await smallDisk(1);
  if (typeof disk === 'string') return;
  await disk.fill();
  await proving.prove({
    ...{ kind: '--report full', name: '--report on a full disk', change: 'few', exits: published },
    args: ['--report', path.join(disk.folder, 'report.json')],
    warns: /report .* could not be written/,
  });
  await disk.drop();
}
