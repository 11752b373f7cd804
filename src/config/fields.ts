import * as z from 'zod';
import type { Limit } from '../domain/job.js';
import { nearest } from '../domain/nearest.js';
import { UTC } from '../domain/utc.js';

/** What names of jobs and environments are made of: they become file names and parts of URLs. */
export const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
export const NAME_RULE = 'must begin with a letter or digit and hold only letters, digits, ".", "_" and "-".';

export const text = () => z.string().min(1);

/** Adds a problem, and what to do about it, to the value being checked. */
export function fail(context: Pick<z.RefinementCtx, 'addIssue'>, message: string, hint?: string): never {
  context.addIssue({ code: 'custom', message, params: { hint } });
  return z.NEVER;
}

const oneOrMoreNames = z.union([text(), z.array(text()).min(1)], {
  error: ({ input }) => (input === undefined ? 'is missing.' : 'must be a column name, or a list of them.'),
});

/** One column name or a list of them. */
export const columnNames = () => oneOrMoreNames;

/** A list of different column names; one name alone is a list of one. */
export const distinctColumns = () =>
  oneOrMoreNames.transform((names, context): readonly string[] => {
    const list = typeof names === 'string' ? [names] : names;
    const repeated = list.find((name, index) => list.indexOf(name) !== index);
    return repeated === undefined ? list : fail(context, `lists "${repeated}" twice.`);
  });

const PERCENTAGE = /^(\d+(?:\.\d+)?)\s*%$/;
const SHARE_RULE = 'must be a share of the rows such as 0.1%.';
const LIMIT_RULE = 'must be a count of rows such as 10, or a share such as 0.1%.';

/** A ceiling: a count of rows, or a share of the rows read. */
export const limit = () =>
  z
    .union([z.number(), z.string()], { error: LIMIT_RULE })
    .transform((value, context): Limit => {
      if (typeof value === 'number') {
        if (Number.isSafeInteger(value) && value >= 0) return { count: value };
        return fail(
          context,
          LIMIT_RULE,
          value > 0 && value < 1
            ? `A share is written with %, for example ${Number((value * 100).toPrecision(12))}%.`
            : undefined,
        );
      }
      const percent = Number(PERCENTAGE.exec(value)?.[1] ?? NaN);
      return percent <= 100 ? { share: percent / 100 } : fail(context, LIMIT_RULE);
    })
    .default({ count: 0 });

/** A share of the rows, written with %, as 0 to 1. */
export const percentage = () =>
  z.union([z.number(), z.string()], { error: SHARE_RULE }).transform((value, context): number => {
    if (value === 0) return 0;
    if (typeof value === 'number') {
      const share = value > 0 && value <= 1;
      return fail(
        context,
        SHARE_RULE,
        share ? `Write ${Number((value * 100).toPrecision(12))}%, or ${value}%.` : undefined,
      );
    }
    const percent = Number(PERCENTAGE.exec(value)?.[1] ?? NaN);
    return percent <= 100 ? percent / 100 : fail(context, SHARE_RULE);
  });

const SIZE = /^(\d+(?:\.\d+)?)\s*(KiB|MiB)$/;
const LARGEST_SIZE = 2 ** 30;
const UNITS: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 ** 2 };

/** A number of bytes, also as "256KiB" or "1MiB". */
export const byteSize = () =>
  z.union([z.number(), z.string()], { error: 'must be a size.' }).transform((value, context): number => {
    const [, digits, unit] = typeof value === 'string' ? (SIZE.exec(value) ?? []) : [];
    const bytes = typeof value === 'number' ? value : Math.round(Number(digits) * (UNITS[unit ?? ''] ?? NaN));
    if (Number.isSafeInteger(bytes) && bytes >= 1 && bytes <= LARGEST_SIZE) return bytes;
    return fail(context, 'must be a number of bytes such as 262144, "256KiB" or "1MiB", at most 1024MiB.');
  });

/** A path with `{date}`, and no other placeholder. */
export const datedPath = () =>
  text().superRefine((path, context) => {
    for (const [placeholder, name] of path.matchAll(/\{([^}]*)\}/g)) {
      if (name !== 'date') {
        fail(
          context,
          `has an unknown placeholder ${placeholder}.`,
          'The only one is {date}, the data date as YYYY-MM-DD.',
        );
      }
    }
  });

const DURATION = /^(\d+(?:\.\d+)?)\s*(s|m|h|d)$/;
const MILLISECONDS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A length of time such as "30s", "10m", "2h" or "7d", in milliseconds. */
export const duration = () =>
  z.union([z.number(), z.string()], { error: 'must be a duration.' }).transform((value, context): number => {
    const [, digits, unit] = DURATION.exec(String(value)) ?? [];
    const milliseconds = Number(digits) * (MILLISECONDS[unit ?? ''] ?? NaN);
    if (Number.isSafeInteger(milliseconds)) return milliseconds;
    return fail(context, 'must be a duration such as 30s, 10m, 2h or 7d.');
  });

/** An IANA time zone that this machine knows. */
export const timezone = () =>
  z.string().superRefine((value, context) => {
    if (/^[A-Za-z]/.test(value) && isTimeZone(value)) return;
    const meant = nearest(value, Intl.supportedValuesOf('timeZone'));
    const example = 'Use a name such as Europe/London, America/New_York or UTC.';
    fail(
      context,
      `"${value}" is not an IANA time zone.`,
      meant === undefined ? example : `Did you mean ${meant}?`,
    );
  });

function isTimeZone(name: string): boolean {
  if (name === UTC) return true;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
