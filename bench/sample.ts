import type { Figure, Section } from './bars.js';
import type { Options } from './options.js';
import { runPeer } from './peer.js';
import { benchProject } from './project.js';
import { findModels, findPython } from './python.js';
import { fixed, megabytes, table } from './report.js';
import { median } from './statistics.js';

const ROWS = 500;

/** 500 rows, process start to exit, in turn with the good script on the same rows. */
export async function runSample({ rounds, workers, peers }: Options): Promise<Section> {
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
    const share = peer === undefined ? undefined : seconds / peer;
    const text = table(
      ['500 rows, CSV to Parquet', 'seconds', 'CPU s', 'peak MB', 'good.py s', 'share of good.py'],
      [
        [
          'linear',
          fixed(seconds, 2),
          fixed(median(ours.map(({ cpu }) => cpu)), 2),
          megabytes(Math.max(...ours.map(({ peakMemory }) => peakMemory ?? NaN))),
          fixed(peer, 2),
          fixed(share, 2),
        ],
      ],
    );
    const figures: Figure[] = [{ bar: 'sample/seconds', value: seconds }];
    if (share !== undefined) figures.push({ bar: 'sample/share', value: share });
    return { text, figures };
  } finally {
    await project.drop();
  }
}
