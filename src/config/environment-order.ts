import { didYouMean } from '../domain/nearest.js';
import type { YamlError, YamlFile } from './yaml-file.js';

/**
 * What is wrong with the order of environments: an `after` that names no environment, or that leads back to where it
 * began. Looked at before the schema, whatever else is wrong with the entries.
 */
export function orderProblems(file: YamlFile): YamlError[] {
  const names = file.keys(['environments']);
  const after = new Map(names.flatMap((name) => afterOf(file, name)));
  const problems: YamlError[] = [];
  const inKnownCycles = new Set<string>();

  for (const [name, before] of after) {
    const report = (message: string, hint: string) =>
      problems.push(
        file.problem({
          code: 'config.order',
          message: `environments.${name}.after ${message}`,
          hint,
          path: ['environments', name, 'after'],
          at: 'value',
        }),
      );
    if (!names.includes(before)) {
      const others = names.filter((other) => other !== name);
      const otherwise = others.length === 0 ? 'Remove it.' : `Environments there are: ${others.join(', ')}.`;
      report(`names "${before}", which is no environment.`, didYouMean(before, others, otherwise));
      continue;
    }
    const cycle = cycleFrom(name, after);
    if (cycle.length === 0 || inKnownCycles.has(name)) continue;
    for (const member of cycle) inKnownCycles.add(member);
    report(
      `leads back to ${name}: ${[...cycle, name].join(' after ')}.`,
      'A version could never get there first; remove one "after".',
    );
  }
  return problems;
}

/** The schema reports what is no text. */
function afterOf(file: YamlFile, name: string): [name: string, after: string][] {
  const environments = (file.value as { environments?: unknown } | null)?.environments;
  const entry = Object.entries(environments ?? {}).find(([key]) => key === name)?.[1] as unknown;
  const after = (entry as { after?: unknown } | null | undefined)?.after;
  return typeof after === 'string' && after !== '' ? [[name, after]] : [];
}

/** The environments from `name` back to itself; none where the way ends elsewhere. */
function cycleFrom(name: string, after: ReadonlyMap<string, string>): string[] {
  const way = [name];
  for (let next = after.get(name); next !== undefined; next = after.get(next)) {
    if (next === name) return way;
    if (way.includes(next)) return [];
    way.push(next);
  }
  return [];
}
