import type { Joining } from './binding-joining.js';
import type { OutputColumn } from './columns.js';
import type { ModelOutput } from './model.js';

/** PostgreSQL cuts longer names silently. */
const LONGEST_NAME = 63;
const OURS = ['as_of', 'artefact', 'attempt_id', 'scored_at'];
const SYSTEM = ['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid'];

/** One default column: element `element` of output `output`. */
export interface NamedElement {
  readonly name: string;
  readonly output: number;
  readonly element: number;
}

/** Names for every output, class by class: `label`, `probability_yes`, `variable`, `embedding_0`. Each unique. */
export function defaultNames(outputs: readonly ModelOutput[]): NamedElement[] {
  const taken = new Set<string>();
  return outputs.flatMap((output, index) =>
    elementNames(output).map((name, element) => ({ name: makeUnique(name, taken), output: index, element })),
  );
}

function elementNames(output: ModelOutput): string[] {
  if (output.role === 'label' && output.width === 1) return ['label'];
  const own = slug(output.name) || 'output';
  if (output.width === 1) return [cut(own)];
  const prefix = output.role === 'probabilities' ? 'probability' : own;
  return elementSlugs(output).map((element) => cut(`${prefix}_${element}`));
}

/** Classes such as `<=50K` and `>50K` look alike without their signs: then their positions tell them apart. */
function elementSlugs({ classes, width }: ModelOutput): string[] {
  const positions = Array.from({ length: width }, (_, element) => String(element));
  const slugs = classes?.map(slug) ?? positions;
  return new Set(slugs).size === slugs.length && !slugs.includes('') ? slugs : positions;
}

function slug(text: string): string {
  const words = text
    .normalize('NFC')
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu);
  return words?.join('_') ?? '';
}

function makeUnique(name: string, taken: Set<string>): string {
  let unique = name;
  for (let suffix = 2; taken.has(unique); suffix += 1) unique = `${cut(name, `_${suffix}`.length)}_${suffix}`;
  taken.add(unique);
  return unique;
}

/** At most as many bytes of UTF-8 as a name may have, whole characters. */
function cut(name: string, reserved = 0): string {
  let result = '';
  for (const character of name) {
    if (Buffer.byteLength(result + character) > LONGEST_NAME - reserved) break;
    result += character;
  }
  return result;
}

/**
 * Reports names that a predictions table can't have: too long, ours, or twice. Case does not tell names apart,
 * because it does not in many tools that read the table.
 */
export function checkPublishedNames({ job, report }: Joining, outputs: readonly OutputColumn[]): void {
  const taken = new Map<string, string>();
  for (const name of OURS) taken.set(name, 'a column that predawn adds itself');
  for (const name of SYSTEM) taken.set(name, 'a system column of PostgreSQL');

  const check = (name: string, what: string, hint: string): void => {
    const other = taken.get(name.toLowerCase());
    if (other !== undefined) report('bind.name_taken', `${what} "${name}" has the name of ${other}.`, hint);
    if (Buffer.byteLength(name) > LONGEST_NAME) {
      report('bind.name_long', `${what} "${name}" has more than ${LONGEST_NAME} bytes.`, hint);
    }
    taken.set(name.toLowerCase(), `another column, "${name}"`);
  };
  for (const name of job.key)
    check(name, 'key', 'Name the column differently in the query or the file; as_of is in every table.');
  const hint =
    job.output.columns === undefined
      ? 'Choose the names yourself under output.columns.'
      : 'Choose another name under output.columns.';
  for (const { name } of outputs) check(name, 'output column', hint);
}
