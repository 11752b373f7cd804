import type { Figure, Section } from '../bars.js';
import { createDatabase, withClient } from '../database.js';
import type { Options } from '../options.js';
import { count, fixed, table } from '../report.js';
import { benchServer } from '../server.js';
import { median } from '../statistics.js';
import { publish, type PublishTime } from './ours.js';
import { makePayloads, type Payloads } from './rows.js';
import { PART_NAMES } from './statements.js';
import { createReplacedDate, createReplacedTable, replace, vacuum } from './theirs.js';

const ROWS = 1_000_000;
const FIRST_DATE = Date.UTC(2024, 0, 1);
const DAY_MILLISECONDS = 86_400_000;

interface Times {
  /** On a date without a slice, and again with some rows changed. */
  readonly first: PublishTime[];
  readonly again: PublishTime[];
  /** Delete and insert on a date without rows, and on one that holds as many. */
  readonly replaceNone: number[];
  readonly replaceAll: number[];
}

/** Publishing rows that are in the database already, against delete and insert from a staging table, in turn. */
export async function runPublish({ rounds, rows }: Options): Promise<Section> {
  const size = rows?.at(-1) ?? ROWS;
  const server = await benchServer();
  const times: Times = { first: [], again: [], replaceNone: [], replaceAll: [] };
  try {
    const database = await createDatabase(server.url, 'publish');
    try {
      await runRounds(database.url, await makePayloads(database.url, size), rounds, times);
    } finally {
      await database.drop();
    }
  } finally {
    await server.stop();
  }
  return report(server.version, size, times);
}

async function runRounds(url: string, payloads: Payloads, rounds: number, times: Times): Promise<void> {
  await withClient(url, async (client) => {
    await createReplacedTable(client);
    for (let round = 0; round < rounds; round++) {
      const date = new Date(FIRST_DATE + DAY_MILLISECONDS * round).toISOString().slice(0, 10);
      await createReplacedDate(client, date);
      times.first.push(await publish(url, date, payloads.first, payloads.rows));
      times.replaceNone.push(await replace(client, url, date, payloads.first));
      await vacuum(client);
      const again = await publish(url, date, payloads.changed, payloads.rows);
      requireChanges(again, payloads.changedRows);
      times.again.push(again);
      times.replaceAll.push(await replace(client, url, date, payloads.changed));
      await vacuum(client);
    }
  });
}

function requireChanges({ changes: { inserted, updated, deleted } }: PublishTime, expected: number): void {
  if (inserted === 0 && deleted === 0 && updated === expected) return;
  throw new Error(
    `${inserted} rows inserted, ${updated} updated, ${deleted} deleted instead of ${expected} updated`,
  );
}

function report(version: string, rows: number, { first, again, replaceNone, replaceAll }: Times): Section {
  const [none, all] = [median(replaceNone), median(replaceAll)];
  const shares = [first, again].map((times) => median(times.map(({ seconds }) => seconds)) / all);
  const lines = [
    ['on a date without a slice', first, shares[0]!] as const,
    ['again, 1% changed', again, shares[1]!] as const,
  ].map(([what, times, share]) => {
    const seconds = median(times.map((time) => time.seconds));
    return [what, fixed(seconds, 2), fixed(share, 2), fixed(seconds / none, 2)];
  });
  const parts = PART_NAMES.map((part) => [
    part,
    ...[first, again].map((times) => {
      const seconds = median(times.map((time) => time.parts[part]!));
      return seconds === 0 ? undefined : fixed(seconds, 3);
    }),
  ]);
  const figures: Figure[] = [
    { bar: 'publish/first', value: shares[0]! },
    { bar: 'publish/again', value: shares[1]! },
  ];
  return {
    text: [
      `${version}. ${count(rows)} rows, from the moment they are in a table without a key, to COMMIT. Delete and insert ` +
        `from a staging table took ${fixed(all, 2)} s on a date that held as many rows, ${fixed(none, 2)} s on an empty one.`,
      table(
        ['publishing', 'seconds', 'share of delete + insert', 'share of delete + insert on an empty date'],
        lines,
      ),
      `Seconds of its parts:\n\n${table(['part', 'first', 'again'], parts)}`,
    ].join('\n\n'),
    figures: rows < ROWS ? [] : figures,
  };
}
