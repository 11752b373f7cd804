import type { CsvDecoderSpec } from '../../src/domain/codecs.js';
import type { FeatureType, MissingPolicy } from '../../src/domain/columns.js';
import type { Random } from './random.js';

/** How a file is written. */
export interface Writing {
  readonly spec: CsvDecoderSpec;
  /** One of them after each record. */
  readonly lineEnds: readonly string[];
}

/** A column and what is to become of it. */
export interface Column {
  readonly name: string;
  readonly type: FeatureType;
  readonly missing: MissingPolicy;
}

/** A CSV document; where it was made of records, also what they are. */
export interface Document {
  readonly bytes: Buffer;
  /** The line and the bytes of each record, without its line end; undefined for a soup. */
  readonly records: readonly { readonly line: number; readonly raw: string }[] | undefined;
}

export function randomWriting(random: Random): Writing {
  const delimiter = random.pick([',', ',', ';', '\t', '|', ' ']);
  const quote = random.pick(['"', '"', '"', "'", undefined]);
  const lineEnds = random.pick([['\n'], ['\r\n'], ['\n', '\r\n'], ['\r']]);
  const recordEnd = lineEnds[0] === '\r' ? ('cr' as const) : ('lf' as const);
  return { spec: { kind: 'csv', delimiter, quote, recordEnd }, lineEnds };
}

const TYPES: readonly FeatureType[] = [
  ...(['string', 'string', 'string', 'float32', 'float64', 'int32', 'int64', 'bool'] as const),
];

export function randomColumns(random: Random): Column[] {
  const allTexts = random.oneIn(3);
  return random.list(1, 5, (index) => {
    const type = allTexts ? 'string' : random.pick(TYPES);
    return { name: `c${index}`, type, missing: randomPolicy(random, type) };
  });
}

function randomPolicy(random: Random, type: FeatureType): MissingPolicy {
  const tokens = random.oneIn(2)
    ? []
    : random.list(0, 3, () => random.pick(['NA', '-999', '1e3', '""', '0']));
  if (type === 'string' && random.oneIn(2)) return { then: 'fill', value: '', tokens };
  if (type.startsWith('float') && random.oneIn(3)) return { then: 'nan', tokens };
  if (!random.oneIn(3)) return { then: 'reject', tokens };
  return { then: 'fill', value: type === 'string' ? 'filled' : random.below(2), tokens };
}

export function randomDocument(random: Random, columns: readonly Column[], writing: Writing): Document {
  const kind = random.below(20);
  if (kind < 13) return written(random, columns, writing);
  const soup = Buffer.from(random.list(0, 24, () => soupOf(random, writing)).join(''));
  // Now and then bytes that are no UTF-8.
  if (kind === 19 && soup.length > 0) soup[random.below(soup.length)] = random.between(128, 255);
  return { bytes: soup, records: undefined };
}

function written(random: Random, columns: readonly Column[], { spec, lineEnds }: Writing): Document {
  const lineBreak = spec.recordEnd === 'cr' ? '\r' : '\n';
  const records: { line: number; raw: string }[] = [];
  let text = '';
  let line = 1;
  let lastEnd = '';
  const count = random.below(random.oneIn(10) ? 20 : 5);
  for (let row = 0; row < count; row++) {
    const width = random.oneIn(12) ? random.between(1, columns.length + 2) : columns.length;
    const quoteAll = random.oneIn(4);
    const fields = Array.from({ length: width }, (_, at) => {
      return write(fieldOf(random, columns[at]?.type ?? 'string', spec), spec, quoteAll || random.oneIn(9));
    });
    const raw = fields.join(spec.delimiter);
    lastEnd = random.pick(lineEnds);
    // One empty field that nothing shows is no record but an empty line.
    if (raw !== '') records.push({ line, raw });
    text += raw + lastEnd;
    line += raw.split(lineBreak).length;
    while (random.oneIn(8)) {
      text += lastEnd;
      line++;
    }
  }
  if (random.oneIn(4)) while (lastEnd !== '' && text.endsWith(lastEnd)) text = text.slice(0, -lastEnd.length);
  return { bytes: Buffer.from(text), records };
}

function write(text: string, { delimiter, quote, recordEnd }: CsvDecoderSpec, always: boolean): string {
  if (quote === undefined) {
    const plain = text.replaceAll(delimiter, '').replaceAll(recordEnd === 'cr' ? '\r' : '\n', '');
    return plain.replace(/\r+$/, '');
  }
  const needed = [delimiter, quote, '\n', '\r'].some((special) => text.includes(special));
  return needed || always ? quote + text.replaceAll(quote, quote + quote) + quote : text;
}

const CHARACTERS = [
  ...['a', 'b', '1', '7', '"', "'", ',', ';', '\t', '|', '\n', '\r', '\r\n', ' ', 'é', '漢', '😀', '\0'],
  ...['ab', 'x'.repeat(17), 'y'.repeat(66)],
];

function fieldOf(random: Random, type: FeatureType, { delimiter, quote = '' }: CsvDecoderSpec): string {
  if (random.oneIn(12)) return random.pick(['', '', 'NA', '-999', '1e3', '""', '0']);
  if (type === 'string' || random.oneIn(10)) {
    return random
      .list(0, 6, () => (random.oneIn(7) ? random.pick([delimiter, quote]) : random.pick(CHARACTERS)))
      .join('')
      .replaceAll('\0', () => (random.oneIn(4) ? '\0' : ''));
  }
  if (type === 'bool') return random.pick(['0', '1', 'true', 'False', 'T', 'no', 'YES', ' 1', 'f\t', '2']);
  return numberOf(random);
}

const ODD_NUMBERS = [
  ...['16777217', '9007199254740993', '9007199254740991e2', '1e22', '1e23', '1e400', '-0', '5.', '.5', '+7'],
  ...['2147483648', '-2147483648', '2147483647', '1e-400', 'inf', '-Infinity', ' 7', '7 ', '1_0', '--1'],
  ...['9223372036854775807', '9223372036854775808', '-9223372036854775808', '000000000000000000000012'],
  ...['1e1000000000', '0e999999999', '0x10', 'NaN', '1e', 'e1', '.', '-', '52.0', '5e-1', '1200e-2'],
];

function numberOf(random: Random): string {
  const digits = (most: number) => random.list(1, most, () => String(random.below(10))).join('');
  switch (random.below(6)) {
    case 0:
      return random.pick(ODD_NUMBERS);
    case 1:
      return String(random.below(2 ** 32) | 0);
    case 2:
      return `${random.pick(['', '-', '+'])}${digits(4)}.${digits(4)}`;
    case 3:
      return `${random.pick(['', '-'])}${digits(22)}.${digits(22)}${random.oneIn(2) ? `e${random.between(-340, 320)}` : ''}`;
    case 4:
      return `${digits(20)}${random.pick(['e', 'E'])}${random.pick(['', '+', '-'])}${random.below(26)}`;
    default:
      return digits(9);
  }
}

/** Pieces that mean something, in no order. */
function soupOf(random: Random, { spec: { delimiter, quote = '"' }, lineEnds }: Writing): string {
  switch (random.below(8)) {
    case 0:
    case 1:
      return delimiter;
    case 2:
      return quote;
    case 3:
      return quote + quote;
    case 4:
      return random.pick(lineEnds);
    case 5:
      return random.pick(['\r', '\n', '\r\n', `${quote}\r\n`, `${quote}\n`, `${delimiter}${quote}`, '\0']);
    default:
      return random.pick(['a', '1', '12.5', 'é', '漢', '😀', ' ', 'x'.repeat(33), 'z'.repeat(64)]);
  }
}
