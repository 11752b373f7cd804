import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { filesBeneath, sampleProject } from '../helpers/project.js';
import { type Ground, keepLooking, type Slice, TORN } from './ground.js';
import { type Input, parseParquet, sliceFile } from './inputs.js';

export const SCORING = 'registry: ./registry\nworkers: 1\nblock_bytes: 16KiB\nenvironments:\n  dev:\n';
/** Between two looks of a reader, in milliseconds: the processes under test need the cores, too. */
export const PAUSE = 8;

/** A project that publishes to a folder; `destination` relative to the project. */
export async function filesGround(destination = './predictions'): Promise<Ground> {
  const project = await sampleProject({ settings: `${SCORING}    destination: ${destination}\n` });
  const root = path.resolve(project.folder, destination);
  const slice = (date: string) => sliceFile(root, date);

  let last: { readonly bytes: Buffer; readonly slice: string } | undefined;

  /** Parses only what it has not seen the last time. */
  async function look(date: string): Promise<Slice> {
    try {
      const bytes = await readFile(slice(date));
      if (last?.bytes.equals(bytes) !== true) last = { bytes, slice: textOf(await parseParquet(bytes)) };
      return last.slice;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : `${TORN}: ${String(error)}`;
    }
  }

  return {
    name: 'files',
    project,
    root,
    env: {},
    sliceOf: async ({ keys, scores }: Input) => textOf(keys.map((key, row) => [key, scores[row]!])),
    read: look,
    watch: async (date) =>
      keepLooking(async () => {
        await delay(PAUSE);
        return [await look(date)];
      }),
    released: () => Promise.resolve(),
    leftOver: async (date, attempts) => {
      const kept = new Set(
        attempts.filter(({ status }) => status === 'published').map(({ attempt_id: id }) => id),
      );
      const isNeeded = (file: string) =>
        file === path.relative(root, slice(date)) ||
        new RegExp(`^_predawn/churn/ledger/${date}/[-0-9a-f]{36}\\.json$`).test(file) ||
        kept.has(
          new RegExp(`^_predawn/churn/attempts/${date}/([-0-9a-f]{36})\\.parquet$`).exec(file)?.[1] ?? '',
        );
      const beneath = await filesBeneath(root);
      const ofDate = beneath.filter((file) => file.includes(date) || file.includes('/locks/'));
      const reports = (await filesBeneath(project.folder)).filter((file) => /\.tmp$/.test(file));
      return [...ofDate.filter((file) => !isNeeded(file)), ...reports];
    },
    drop: () => project.drop(),
  };

  function textOf(rows: readonly (readonly [string, number])[]): string {
    return rows.map(([key, score]) => `${key}=${score}`).join('\n');
  }
}
