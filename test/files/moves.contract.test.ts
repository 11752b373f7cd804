import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describeMoves } from '../contracts/moves.js';
import { openFilesUnderTest } from './publication-under-test.js';

describeMoves(
  'files',
  async () => {
    const subject = await openFilesUnderTest();
    return {
      ...subject,
      damageKept: ({ id, job, asOf, target }) =>
        appendFile(join(subject.root, '_predawn', job, 'attempts', asOf, `${id}.${target.format}`), 'x'),
      removeSlice: ({ table, format }, asOf) =>
        rm(join(subject.root, table, `as_of=${asOf}`, `predictions.${format}`)),
    };
  },
  ['parquet', 'arrow', 'csv'],
);
