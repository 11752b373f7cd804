import { connect, describeUrl } from './connection.js';
import { translate } from './errors.js';

/**
 * The first rows of a query as texts, the way psql shows them: for `init`, never for scoring. `query` has had its
 * parameters placed. Throws what `translate` makes of a failure.
 */
export async function sampleQuery(
  url: string,
  query: string,
  limit: number,
): Promise<Record<string, string>[]> {
  const client = await connect(url, { applicationName: 'predawn init' });
  try {
    await client.query('begin read only');
    const { rows } = await client.query<Record<string, string | null>>({
      text: `select * from (\n${query}\n) as q limit ${Math.trunc(limit)}`,
      types: { getTypeParser: () => (text: string) => text },
    });
    return rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, text]) => [name, text ?? ''])),
    );
  } catch (error) {
    throw translate(error, { location: describeUrl(url), doing: 'reading a sample' });
  } finally {
    await client.end().catch(() => undefined);
  }
}
