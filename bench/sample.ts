import type { Options } from './options.js';
import { runPeer } from './peer.js';
import { benchProject } from './project.js';
import { findModels, findPython } from './python.js';
import { fixed, megabytes, table } from './report.js';
import { median } from './statistics.js';

const ROWS = 500;

/** 500 rows, process start to exit, in turn with the good script on the same rows, as Markdown. */
export async function runSample({ rounds, workers, peers }: Options): Promise<string> {
  const python = peers ? await findPython() : undefined;
  const models = await findModels(python);
  const project = await benchProject(ROWS, workers, models);
  const files = { source: undefined, destination: undefined };
  const { joblib } = models.linear!;
  try {
    const ours = [];
    const theirs = [];
    for (let round = 0; round < rounds; round++) {
      ours.push(await project.run('linear', 'csv-files', files));
      if (python === undefined || joblib === undefined) continue;
      const date = await project.nextDate();
      const run = { joblib, rows: ROWS, date, folder: project.folder, databases: files };
      theirs.push(await runPeer(python, 'good', 'csv-files', run));
    }
    const seconds = median(ours.map(({ wall }) => wall));
    const peer = theirs.length === 0 ? undefined : median(theirs.map(({ wall }) => wall));
    return table(
      ['500 rows, CSV to Parquet', 'seconds', 'CPU s', 'peak MB', 'good.py s', 'share of good.py'],
      [
        [
          'linear',
          fixed(seconds, 2),
          fixed(median(ours.map(({ cpu }) => cpu)), 2),
          megabytes(Math.max(...ours.map(({ peakMemory }) => peakMemory ?? NaN))),
          fixed(peer, 2),
          fixed(peer && seconds / peer, 2),
        ],
      ],
    );
  } finally {
    await project.drop();
  }
}
