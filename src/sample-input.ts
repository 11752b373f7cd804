import { PredawnError } from './domain/errors.js';
import type { CsvInput } from './domain/job.js';
import type { InputSample, SampleRequest } from './run/services.js';
import { using } from './run/using.js';

const SAMPLE_ROWS = 1000;

/** Wiring of `Services.sampleInput`: describes an input through its source, and reads its first rows as texts. */
export async function sampleInput(request: SampleRequest): Promise<InputSample> {
  return request.kind === 'csv' ? sampleFile(request, request.file) : sampleDatabase(request, request);
}

async function sampleFile({ asOf }: SampleRequest, file: string): Promise<InputSample> {
  const { sampleCsv } = await import('./csv/sample.js');
  const { openCsvSource } = await import('./csv/source.js');
  const { delimiter, encoding, rows, endsWithNewline } = await sampleCsv(file, SAMPLE_ROWS);
  const csv: CsvInput = {
    path: file,
    delimiter,
    quote: '"',
    encoding,
    header: undefined,
    finalNewline: endsWithNewline === false ? 'optional' : 'required',
  };
  const opening = openCsvSource({
    path: file,
    displayPath: file,
    input: csv,
    blockBytes: 1 << 16,
    job: 'init',
    asOf,
  });
  return using(opening, ({ description }) => Promise.resolve({ description, rows, csv }));
}

async function sampleDatabase(
  { asOf, window, signal }: SampleRequest,
  { url, query }: { url: string; query: string },
): Promise<InputSample> {
  const { openPostgresSource } = await import('./postgres/source.js');
  const { placeParameters } = await import('./postgres/query-text.js');
  const { sampleQuery } = await import('./postgres/sample.js');
  const parameters = { date: asOf, ...window };
  const opening = openPostgresSource({
    url,
    query,
    window: parameters,
    blockBytes: 1 << 16,
    job: 'init',
    asOf,
    signal,
  });
  const description = await using(opening, (source) => Promise.resolve(source.description));
  const rows = await sampleQuery(url, placeParameters(query, parameters), SAMPLE_ROWS);
  if (rows.length > 0) return { description, rows, csv: undefined };
  throw new PredawnError('input', 'init.no_rows', `The query has no rows for ${asOf}.`, {
    hint: 'Give a date that has some: --date YYYY-MM-DD.',
  });
}
