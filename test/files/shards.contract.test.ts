import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describeShards } from '../contracts/shards.js';
import { openFilesUnderTest } from './publication-under-test.js';

describeShards(
  'files',
  async () => {
    const subject = await openFilesUnderTest();
    return {
      ...subject,
      ordered: true,
      shardsLeft: ({ id, job, asOf }) =>
        Promise.resolve(existsSync(join(subject.root, '_predawn', job, 'attempts', asOf, `${id}.shards`))),
    };
  },
  ['parquet', 'arrow', 'csv'],
);
