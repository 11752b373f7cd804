import type { Job, Settings, TextEncoding } from '../domain/job.js';
import { fixDate } from './fix-date.js';
import type { RunContext } from './run-request.js';
import { using } from './using.js';

/** What stands around the records of an input, for a file that is read in its place. */
export interface InputFormat {
  /** Its header line without a line end; undefined where the job file names the columns of files that have none. */
  readonly header: string | undefined;
  readonly encoding: TextEncoding;
}

/**
 * Asks the input of a date for its columns. Records of a query are kept as comma-separated UTF-8.
 *
 * @throws PredawnError as a run does where the input is not there
 */
export async function inputFormat(
  settings: Settings,
  job: Job,
  date: string,
  { services, signal, now }: Pick<RunContext, 'services' | 'signal' | 'now'>,
): Promise<InputFormat> {
  const fixed = fixDate(job, { date, force: true }, now());
  return using(services.openSource({ settings, job, ...fixed, signal }), ({ description }) => {
    const { decoder } = description;
    const names = description.columns.map(({ name }) => name);
    if (decoder.kind !== 'csv')
      return Promise.resolve({ header: headerLine(names, ',', '"'), encoding: 'utf-8' as const });
    const { header, encoding } = job.input.csv!;
    return Promise.resolve({
      header: header === undefined ? headerLine(names, decoder.delimiter, decoder.quote) : undefined,
      encoding,
    });
  });
}

function headerLine(names: readonly string[], delimiter: string, quote: string | undefined): string {
  return names
    .map((name) => {
      if (quote === undefined || ![delimiter, quote, '\n', '\r'].some((each) => name.includes(each)))
        return name;
      return `${quote}${name.replaceAll(quote, quote + quote)}${quote}`;
    })
    .join(delimiter);
}
