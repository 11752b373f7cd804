import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import pg from 'pg';
import { createDatabase } from '../helpers/postgres.js';
import { SAMPLE_DATE, sampleProject, type TestProject } from '../helpers/project.js';

/** What a reader saw at one moment: the slice as `key=score` texts in key order; undefined where there is none. */
export type Slice = string | undefined;

/** A project that publishes somewhere, and readers of the table there. */
export interface Destination {
  readonly project: TestProject;
  /** Environment variables that its settings name. */
  readonly env: Record<string, string>;
  /** Opens readers that look at the slice the way an analyst would, each with a connection of its own. */
  readers(): Promise<Reader[]>;
  drop(): Promise<void>;
}

export interface Reader {
  read(): Promise<Slice>;
  close(): Promise<void>;
}

const TABLE = 'churn_predictions';
const SCORING = `registry: ./registry
workers: 1
block_bytes: 16KiB
environments:
  dev:
`;

export const DESTINATIONS: Record<string, () => Promise<Destination>> = {
  async files() {
    const project = await sampleProject({ settings: `${SCORING}    destination: ./predictions\n` });
    const file = path.join(
      project.folder,
      'predictions',
      TABLE,
      `as_of=${SAMPLE_DATE}`,
      'predictions.parquet',
    );
    const reader: Reader = { read: () => readParquet(file), close: () => Promise.resolve() };
    return { project, env: {}, readers: () => Promise.resolve([reader]), drop: () => project.drop() };
  },
  async postgres() {
    const database = await createDatabase();
    const project = await sampleProject({
      settings: `${SCORING}    destination: \${DESTINATION}\n`,
      env: { DESTINATION: database.url },
    });
    return {
      project,
      env: { DESTINATION: database.url },
      readers: () =>
        Promise.all(['read committed', 'repeatable read'].map((level) => sqlReader(database.url, level))),
      drop: async () => {
        await project.drop();
        await database.drop();
      },
    };
  },
};

async function readParquet(file: string): Promise<Slice> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const own = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  const rows = await parquetReadObjects({ file: own });
  return rows
    .map(({ customer_id, churn_probability }) => `${String(customer_id)}=${String(churn_probability)}`)
    .sort()
    .join('\n');
}

async function sqlReader(url: string, level: string): Promise<Reader> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return {
    async read() {
      await client.query(`begin isolation level ${level} read only`);
      try {
        const there = await client.query<{ name: string | null }>(`select to_regclass($1)::text as name`, [
          TABLE,
        ]);
        if (there.rows[0]!.name === null) return undefined;
        const { rows } = await client.query<{ slice: string | null }>(
          `select string_agg(customer_id || '=' || churn_probability, E'\\n' order by customer_id collate "C") as slice
             from ${TABLE} where as_of = $1`,
          [SAMPLE_DATE],
        );
        return rows[0]!.slice ?? undefined;
      } finally {
        await client.query('commit');
      }
    },
    close: () => client.end(),
  };
}
