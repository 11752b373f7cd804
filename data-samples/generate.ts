/**
 * Writes the sample data: the daily files and the SQL beside this script, or a training file elsewhere.
 *
 *   npx tsx data-samples/generate.ts
 *   npx tsx data-samples/generate.ts --training <folder>
 *
 * `customerCsvChunks` streams a file of any size, for benchmarks.
 */
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { churns, customerAt, type Customer } from './customer.js';

export interface CustomerOptions {
  /** The day described, as YYYY-MM-DD. */
  readonly asOf: string;
  readonly rows: number;
  readonly seed: number;
}

export const SAMPLE_SEED = 5;
export const SAMPLE_ROWS = 500;
export const SAMPLE_DATES = ['2026-11-19', '2026-11-20', '2026-11-21'] as const;
const TRAINING = { asOf: '2026-10-31', rows: 8_000, seed: SAMPLE_SEED };

const CHUNK_LENGTH = 65_536;
const ROWS_PER_INSERT = 100;
const MILLISECONDS_PER_DAY = 86_400_000;

interface Column {
  readonly name: string;
  readonly sqlType: string;
  /** How the CSV writes a missing value; SQL always says NULL. Only columns that can miss values have one. */
  readonly missingToken?: string;
  /** The value as text, before any quoting. */
  readonly text: (customer: Customer) => string | undefined;
}

const COLUMNS: readonly Column[] = [
  { name: 'customer_id', sqlType: 'text', text: (customer) => customer.customerId },
  { name: 'customer_name', sqlType: 'text', text: (customer) => customer.customerName },
  { name: 'city', sqlType: 'text', text: (customer) => customer.city },
  { name: 'region', sqlType: 'text', text: (customer) => customer.region },
  { name: 'plan', sqlType: 'text', text: (customer) => customer.plan },
  { name: 'contract', sqlType: 'text', text: (customer) => customer.contract },
  { name: 'payment_method', sqlType: 'text', text: (customer) => customer.paymentMethod },
  { name: 'signup_date', sqlType: 'date', text: (customer) => dateText(customer.signupDay) },
  { name: 'senior', sqlType: 'smallint', text: (customer) => String(customer.senior) },
  { name: 'dependents', sqlType: 'smallint', text: (customer) => String(customer.dependents) },
  { name: 'tenure_months', sqlType: 'integer', text: (customer) => String(customer.tenureMonths) },
  { name: 'monthly_charge', sqlType: 'numeric(10,2)', text: (customer) => money(customer.monthlyCents) },
  {
    name: 'total_charges',
    sqlType: 'numeric(10,2)',
    missingToken: ' ',
    text: ({ totalCents }) => (totalCents === undefined ? undefined : money(totalCents)),
  },
  {
    name: 'data_gb',
    sqlType: 'double precision',
    missingToken: '',
    text: ({ dataGb }) => (dataGb === undefined ? undefined : String(Math.round(dataGb * 1000) / 1000)),
  },
  {
    name: 'voice_minutes',
    sqlType: 'double precision',
    text: (customer) => String(Math.round(customer.voiceMinutes * 10) / 10),
  },
  { name: 'roaming_days', sqlType: 'smallint', text: (customer) => String(customer.roamingDays) },
  { name: 'support_calls', sqlType: 'integer', text: (customer) => String(customer.supportCalls) },
  { name: 'late_payments', sqlType: 'integer', text: (customer) => String(customer.latePayments) },
  { name: 'discount_pct', sqlType: 'double precision', text: (customer) => String(customer.discountPercent) },
  { name: 'device_age_months', sqlType: 'integer', text: (customer) => String(customer.deviceAgeMonths) },
  { name: 'has_fibre', sqlType: 'text', text: (customer) => yesOrNo(customer.hasFibre) },
  { name: 'has_tv', sqlType: 'text', text: (customer) => yesOrNo(customer.hasTv) },
  { name: 'paperless', sqlType: 'text', text: (customer) => yesOrNo(customer.paperless) },
  {
    name: 'satisfaction',
    sqlType: 'smallint',
    missingToken: '',
    text: ({ satisfaction }) => (satisfaction === undefined ? undefined : String(satisfaction)),
  },
];
const HEADER = COLUMNS.map((column) => column.name).join(',');

/** One day's customers, one at a time. */
export function* customers({ asOf, rows, seed }: CustomerOptions): Generator<Customer> {
  const day = dayNumber(asOf);
  for (let slot = 0; slot < rows; slot += 1) yield customerAt(seed, slot, day);
}

/** One day's CSV, header first, in pieces of about 64 K characters: give it to `Readable.from`. */
export function* customerCsvChunks(options: CustomerOptions): Generator<string> {
  let chunk = `${HEADER}\n`;
  for (const customer of customers(options)) {
    chunk += `${csvFields(customer)}\n`;
    if (chunk.length >= CHUNK_LENGTH) {
      yield chunk;
      chunk = '';
    }
  }
  if (chunk !== '') yield chunk;
}

/** The same columns and the outcome, as a data scientist gets them some weeks after the day. */
export function trainingCsv(options: CustomerOptions): string {
  let text = `${HEADER},churned\n`;
  for (const customer of customers(options)) text += `${csvFields(customer)},${yesOrNo(churns(customer))}\n`;
  return text;
}

/** The rows of several days as one SQL script, in plain SQL that any client can send. */
export function customersSql(dates: readonly string[], options: Omit<CustomerOptions, 'asOf'>): string {
  const names = ['as_of', ...COLUMNS.map((column) => column.name)].join(', ');
  const statements = ['begin;', createTable()];
  statements.push(`delete from customers where as_of in (${dates.map(sqlText).join(', ')});`);
  for (const asOf of dates) {
    const values = Array.from(customers({ asOf, ...options }), (customer) => sqlValues(asOf, customer));
    for (let start = 0; start < values.length; start += ROWS_PER_INSERT) {
      const batch = values.slice(start, start + ROWS_PER_INSERT).join(',\n');
      statements.push(`insert into customers (${names}) values\n${batch};`);
    }
  }
  statements.push('commit;');
  return `${statements.join('\n\n')}\n`;
}

function createTable(): string {
  const definitions = COLUMNS.map(({ name, sqlType, missingToken }) => {
    return `  ${name} ${sqlType}${missingToken === undefined ? ' not null' : ''},`;
  });
  return [
    'create table if not exists customers (',
    '  as_of date not null,',
    ...definitions,
    '  primary key (as_of, customer_id)',
    ');',
  ].join('\n');
}

function sqlValues(asOf: string, customer: Customer): string {
  const values = COLUMNS.map(({ sqlType, text }) => {
    const value = text(customer);
    if (value === undefined) return 'null';
    return sqlType === 'text' || sqlType === 'date' ? sqlText(value) : value;
  });
  return `  (${[sqlText(asOf), ...values].join(', ')})`;
}

function sqlText(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

function csvFields(customer: Customer): string {
  let line = '';
  for (const { text, missingToken } of COLUMNS) {
    if (line !== '') line += ',';
    line += csvField(text(customer) ?? missingToken ?? '');
  }
  return line;
}

function csvField(value: string): string {
  if (value.includes('"')) return `"${value.replaceAll('"', '""')}"`;
  return value.includes(',') ? `"${value}"` : value;
}

function money(cents: number): string {
  const fraction = cents % 100;
  return `${(cents - fraction) / 100}.${fraction < 10 ? '0' : ''}${fraction}`;
}

function yesOrNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

function dayNumber(date: string): number {
  const milliseconds = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(milliseconds)) throw new RangeError(`not a date as YYYY-MM-DD: ${date}`);
  return milliseconds / MILLISECONDS_PER_DAY;
}

/** A few thousand days serve millions of rows: formatting each once makes large files cheap. */
const dateTexts = new Map<number, string>();

function dateText(day: number): string {
  let text = dateTexts.get(day);
  if (text === undefined) {
    text = new Date(day * MILLISECONDS_PER_DAY).toISOString().slice(0, 10);
    dateTexts.set(day, text);
  }
  return text;
}

function main(): void {
  const { values } = parseArgs({ options: { training: { type: 'string' } } });
  if (values.training !== undefined) {
    mkdirSync(values.training, { recursive: true });
    writeFileSync(join(values.training, 'training.csv'), trainingCsv(TRAINING));
    return;
  }
  const folder = fileURLToPath(new URL('churn/', import.meta.url));
  const options = { rows: SAMPLE_ROWS, seed: SAMPLE_SEED };
  mkdirSync(folder, { recursive: true });
  for (const asOf of SAMPLE_DATES) {
    writeFileSync(join(folder, `${asOf}.csv`), [...customerCsvChunks({ asOf, ...options })].join(''));
  }
  writeFileSync(join(folder, 'customers.sql'), customersSql(SAMPLE_DATES, options));
}

const script = process.argv[1];
if (script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url)) main();
