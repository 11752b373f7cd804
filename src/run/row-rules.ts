import type { ASTNode } from '@marcbachmann/cel-js';
import type { Binding } from '../domain/binding.js';
import { CodedTexts } from '../domain/coded-texts.js';
import type { KeyColumn, KeySlot, OutputColumn, OutputValues } from '../domain/columns.js';
import { PredawnError } from '../domain/errors.js';
import type { JobGates } from '../domain/job-gates.js';
import { keyColumnText, keyText } from '../domain/key-text.js';
import { MOST_OFFENDING, type OffendingRow } from '../domain/offending.js';
import type { ColumnCount } from '../domain/tally.js';

/** An expression of the job file over a row of predictions. Plain data: it crosses to worker threads. */
export interface RowRule {
  readonly name: string;
  /** In the Common Expression Language: keys and outputs by their published names. */
  readonly expression: string;
}

/** What the rows of a job's predictions are made of, as far as rules see them. */
export interface RuledColumns {
  readonly keys: readonly Pick<KeySlot, 'column' | 'type'>[];
  readonly outputs: readonly Pick<OutputColumn, 'name' | 'type'>[];
}

export interface RuledRows {
  readonly rows: number;
  readonly keys: readonly KeyColumn[];
  readonly outputs: readonly OutputValues[];
}

export interface BrokenRules {
  readonly counts: readonly ColumnCount[];
  /** The first few rows of each rule. */
  readonly rows: readonly OffendingRow[];
}

export interface RowRules {
  /** Rows of a block for which a rule is not true, or can't be computed. */
  count(block: RuledRows): BrokenRules;
}

/** Rules that can be asked. Throws what `checkRules` finds. */
export async function openRowRules(rules: readonly RowRule[], columns: RuledColumns): Promise<RowRules> {
  const compiled = await compile(rules, columns);
  return {
    count(block) {
      const rows: OffendingRow[] = [];
      const counts = compiled.map(({ name, holds, used }) => {
        const row: Record<string, unknown> = {};
        const readers =
          block.rows === 0 ? [] : readersOf(block, columns).filter((each) => used.has(each.name));
        let count = 0;
        for (let at = 0; at < block.rows; at++) {
          for (const reader of readers) row[reader.name] = reader.read(at);
          if (isTrue(holds, row) || count++ >= MOST_OFFENDING) continue;
          rows.push({
            gate: 'checks',
            subject: name,
            key: keyText(block.keys, at),
            row: rowText(block, columns, at),
          });
        }
        return { column: name, count };
      });
      return { counts, rows };
    },
  };
}

/** Throws kind `configuration`, code `gate.rule`, for the first rule that is no expression of the job's columns. */
export async function checkRules(
  gates: JobGates | undefined,
  { plan, outputs }: Pick<Binding, 'plan' | 'outputs'>,
): Promise<void> {
  const rules = rowRules(gates);
  if (rules.length > 0) await compile(rules, { keys: plan.keys, outputs });
}

/** The checks of a job that are expressions over a row. */
export function rowRules(gates: JobGates | undefined): readonly RowRule[] {
  return Object.entries(gates?.checks ?? {}).flatMap(([name, { row }]) =>
    row === undefined ? [] : [{ name, expression: row }],
  );
}

interface CompiledRule {
  readonly name: string;
  readonly used: ReadonlySet<string>;
  readonly holds: (row: Record<string, unknown>) => unknown;
}

/** Loaded where a job has rules alone: other runs start without. */
async function compile(rules: readonly RowRule[], { keys, outputs }: RuledColumns): Promise<CompiledRule[]> {
  const { Environment } = await import('@marcbachmann/cel-js');
  const environment = new Environment();
  for (const { column, type } of keys)
    environment.registerVariable(column, type.startsWith('int') ? 'int' : 'string');
  for (const { name, type } of outputs) environment.registerVariable(name, CEL_TYPES[type]);
  const names = [...keys.map(({ column }) => column), ...outputs.map(({ name }) => name)];
  return rules.map(({ name, expression }) => {
    try {
      const holds = environment.parse(expression);
      const { valid, type, error } = holds.check();
      if (!valid) throw error ?? new Error('it is no expression');
      if (type !== 'bool') throw new Error(`it gives ${type ?? 'something'}, and must be true or false`);
      return { name, holds: (row): unknown => holds(row), used: identifiers(holds.ast) };
    } catch (cause) {
      const [problem] = (cause as Error).message.split('\n');
      throw new PredawnError('configuration', 'gate.rule', `gates.checks.${name}.row: ${problem}.`, {
        hint: `For example: churn_probability < 0.9 || churn == "yes". Columns here: ${names.join(', ')}.`,
        cause,
      });
    }
  });
}

const CEL_TYPES = {
  ...{ float4: 'double', float8: 'double', int4: 'int', int8: 'int', bool: 'bool', text: 'string' },
} as const;

function identifiers(node: ASTNode, found = new Set<string>()): ReadonlySet<string> {
  if (node.op === 'id') found.add(node.args);
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (typeof value === 'object' && value !== null && 'op' in value)
      identifiers(value as ASTNode, found);
  };
  visit(node.args);
  return found;
}

function isTrue(holds: CompiledRule['holds'], row: Record<string, unknown>): boolean {
  try {
    return holds(row) === true;
  } catch {
    // Such as a division by zero: the rule is not known to hold.
    return false;
  }
}

interface Reader {
  readonly name: string;
  readonly read: (row: number) => unknown;
}

function readersOf({ keys, outputs }: RuledRows, columns: RuledColumns): Reader[] {
  return [
    ...keys.map((key, index): Reader => {
      const { column, type } = columns.keys[index]!;
      const isInteger = type.startsWith('int');
      return {
        name: column,
        read: (row) => (isInteger ? BigInt(keyColumnText(key, row)) : keyColumnText(key, row)),
      };
    }),
    ...outputs.map(({ column: { name, type }, data, offset, stride }): Reader => {
      if (data instanceof CodedTexts)
        return { name, read: (row) => data.texts[data.codes[row * stride + offset]!] };
      const value = (row: number) => data[row * stride + offset]!;
      if (type === 'bool') return { name, read: (row) => value(row) !== 0 };
      return { name, read: type.startsWith('int') ? (row) => BigInt(value(row)) : value };
    }),
  ];
}

function rowText(block: RuledRows, columns: RuledColumns, at: number): string {
  const fields = readersOf(block, columns).map(({ name, read }) => {
    const value = read(at);
    return [name, typeof value === 'bigint' ? String(value) : value] as const;
  });
  return JSON.stringify(Object.fromEntries(fields));
}
