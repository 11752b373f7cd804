import { execFile } from 'node:child_process';
import { cpus, release, totalmem, type } from 'node:os';
import { promisify } from 'node:util';
import { REPOSITORY } from './repository.js';

const execute = promisify(execFile);

/** A Markdown table; undefined is shown as a dash. The first column is text, the others are figures. */
export function table(header: readonly string[], rows: readonly (readonly (string | undefined)[])[]): string {
  const line = (cells: readonly (string | undefined)[]) =>
    `| ${cells.map((cell) => cell ?? '–').join(' | ')} |`;
  const rule = header.map((_, index) => (index === 0 ? '---' : '--:'));
  return [header, rule, ...rows].map(line).join('\n');
}

/** 1000000 as `1,000,000`. */
export function count(value: number): string {
  return value.toLocaleString('en');
}

export function fixed(value: number | undefined, digits: number): string | undefined {
  return value?.toFixed(digits);
}

/** Bytes in units of 10^6. */
export function megabytes(bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : (bytes / 1e6).toFixed(0);
}

/** What a reader must know to judge the figures: machine, versions, commit and command. */
export async function describeRun(): Promise<string> {
  const [{ stdout: commit }, { stdout: changes }] = await Promise.all([
    execute('git', ['rev-parse', '--short', 'HEAD'], { cwd: REPOSITORY }),
    execute('git', ['status', '--porcelain', '--', 'src'], { cwd: REPOSITORY }),
  ]).catch(() => [{ stdout: 'unknown' }, { stdout: '' }]);
  const processors = cpus();
  const machine = [
    `${processors.length} cores (${processors[0]?.model.trim() ?? 'unknown'})`,
    `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    `${type()} ${release()}`,
  ];
  return [
    `- Machine: ${machine.join(', ')}`,
    `- Node ${process.versions.node}`,
    `- Commit: ${commit.trim()}${changes === '' ? '' : ', with changes to src/ that are not committed'}`,
    `- Command: \`npm run bench${[' --', ...process.argv.slice(2)].join(' ')}\``,
  ].join('\n');
}
