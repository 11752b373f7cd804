import { describePublication } from '../contracts/publication.js';
import { openFilesUnderTest } from './publication-under-test.js';

describePublication('files', openFilesUnderTest, ['parquet', 'arrow', 'csv']);
