import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { lastSuccessIn, metricsOf, metricsText } from './metrics.js';
import type { Channel } from './told.js';

/** Readable by node_exporter, which is another user. */
const MODE = 0o644;

/**
 * A file for each job and environment in the folder of node_exporter's textfile collector. It appears whole: the
 * collector reads what ends in `.prom`, and a rename replaces that in one step.
 */
export function textfileChannel(folder: string): Channel {
  return {
    name: `textfile ${folder}`,
    told: 'metrics of every run',
    async ended(ended) {
      const { job, environment } = ended.run;
      const file = path.join(folder, `predawn_${environment}_${job}.prom`);
      const now = metricsOf(ended);
      const kept = lastSuccessIn(await contentOf(file)).filter(
        ({ name }) => !now.some((metric) => metric.name === name),
      );
      await replaceFile(file, metricsText([...now, ...kept], { job_name: job, environment }));
    },
    check: () => tryToWrite(folder),
    test: () => tryToWrite(folder),
  };
}

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, text, { mode: MODE });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** A file that the collector does not look at, and that is gone at once. */
async function tryToWrite(folder: string): Promise<void> {
  const file = path.join(folder, `predawn_test.${randomUUID()}.tmp`);
  await writeFile(file, '', { mode: MODE });
  await rm(file);
}
