import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv from 'ajv';

const FOLDER = path.join(import.meta.dirname, 'openlineage-schemas');

interface Schema {
  readonly $id: string;
  readonly $schema?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
}

const schemas = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file) => JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as Schema);

/** Of the draft that they name, they use nothing that drafts before do not have. */
const ajv = new Ajv({ allErrors: true });
for (const schema of schemas) ajv.addSchema({ ...schema, $schema: undefined });

const facetSchemas = new Map(
  schemas.flatMap((schema) => Object.keys(schema.properties ?? {}).map((name) => [name, schema] as const)),
);

/** Everything wrong with an event and its facets, by the published schemas; a facet that has none is wrong, too. */
export function problemsOfEvent(event: object): string[] {
  const { schemaURL } = event as { schemaURL: string };
  const problems = check(schemaURL, event, 'event');
  for (const { name, value } of facetsIn(event)) {
    const schema = facetSchemas.get(name);
    if (schema === undefined) problems.push(`no schema is known for the facet ${name}`);
    else {
      problems.push(...check(schema.$id, { [name]: value }, name));
      const { _schemaURL } = value as { _schemaURL: string };
      problems.push(...check(_schemaURL, value, name));
    }
  }
  return problems;
}

function check(id: string, value: unknown, what: string): string[] {
  const validate = ajv.getSchema(id);
  if (validate === undefined) return [`${what} names the schema ${id}, which is not published`];
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ dataPath, message }) => `${what}${dataPath} ${message ?? ''}`);
}

/** Every facet of run, job and datasets. */
function facetsIn(value: unknown): { name: string; value: unknown }[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    /^(facets|inputFacets|outputFacets)$/.test(key)
      ? Object.entries(inner as object).map(([name, facet]) => ({ name, value: facet as unknown }))
      : facetsIn(inner),
  );
}
