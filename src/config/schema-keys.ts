import type * as z from 'zod';

/** The keys that a schema knows at a path, to suggest one of them. */
export function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  const [step, ...rest] = path;
  const def = schema._zod.def as SchemaDef;
  if (def.innerType !== undefined) return keysAt(def.innerType, path);
  if (def.in !== undefined) return keysAt(def.in, path);
  if (def.options !== undefined) return def.options.flatMap((option) => keysAt(option, path));
  if (step === undefined) return Object.keys(def.shape ?? {});
  const next = def.shape?.[String(step)] ?? def.valueType ?? def.element;
  return next === undefined ? [] : keysAt(next, rest);
}

/** What the schemas of objects, records, lists, unions and their wrappers hold. */
interface SchemaDef {
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly valueType?: z.ZodType;
  readonly element?: z.ZodType;
}
