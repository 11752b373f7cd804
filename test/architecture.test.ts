import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const SOURCE = path.resolve(import.meta.dirname, '../src');

/** Which rooms each room may import, beside itself and npm packages. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  domain: [],
  config: ['domain'],
  run: ['domain'],
  kernel: ['domain'],
  csv: ['domain', 'kernel'],
  postgres: ['domain', 'kernel'],
  onnx: ['domain'],
  files: ['domain'],
  registry: ['domain'],
  notify: ['domain'],
  schedule: ['domain'],
  cli: ['config', 'run', 'schedule', 'domain'],
  'block-wiring.ts': ['csv', 'postgres', 'onnx', 'files', 'run', 'domain'],
  'worker.ts': ['block-wiring.ts', 'run'],
  'sample-input.ts': ['csv', 'postgres', 'run', 'domain'],
  'wiring.ts': [
    'block-wiring.ts',
    'sample-input.ts',
    'csv',
    'postgres',
    'onnx',
    'files',
    'registry',
    'notify',
    'run',
    'domain',
  ],
  'main.ts': ['cli', 'wiring.ts', 'domain'],
};

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);

describe('imports go one way', () => {
  it.each(files)('%s', (file) => {
    const room = roomOf(file);
    expect(MAY_IMPORT, `a new room needs a line here: ${room}`).toHaveProperty([room]);
    const others = importsOf(file)
      .map(roomOf)
      .filter((imported) => imported !== room);
    expect(others.filter((imported) => !MAY_IMPORT[room]!.includes(imported))).toEqual([]);
  });

  it('keeps the clock, environment variables and the process at the edge', () => {
    const inner = files.filter((file) => !['main.ts', 'wiring.ts', 'worker.ts'].includes(file));
    const offenders = inner.filter((file) =>
      /process\.(env|argv|exit\b|exitCode|on\b)/.test(withoutComments(read(file))),
    );
    expect(offenders).toEqual([]);
  });

  it('keeps files small', () => {
    const lengths = files.map((file) => ({ file, lines: read(file).split('\n').length }));
    expect(lengths.filter(({ lines }) => lines > 260)).toEqual([]);
  });
});

function read(file: string): string {
  return readFileSync(path.join(SOURCE, file), 'utf8');
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
}

function roomOf(file: string): string {
  return file.split('/')[0]!;
}

function importsOf(file: string): string[] {
  const specifiers = [...read(file).matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(
    (match) => match[1]!,
  );
  return specifiers.map((specifier) =>
    path.posix.join(path.posix.dirname(file), specifier).replace(/\.js$/, '.ts'),
  );
}
