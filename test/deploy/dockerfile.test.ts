import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { REPOSITORY } from '../helpers/cli.js';
import { contextSources, dockerfileStages, textsOf } from './dockerfile.js';

const read = (file: string) => readFileSync(path.join(REPOSITORY, file), 'utf8');
const stages = dockerfileStages(read('Dockerfile'));
const build = stages[0]!;
const image = stages.at(-1)!;

describe('the image', () => {
  it('is built in one stage and kept in another, on the same base', () => {
    expect(stages).toHaveLength(2);
    expect(textsOf(build, 'FROM')).toEqual([`${textsOf(image, 'FROM')[0]!} AS build`]);
  });

  it('holds only what the build stage made, in folders of the program', () => {
    expect(contextSources(image)).toEqual([]);
    for (const text of textsOf(image, 'COPY'))
      expect(text).toMatch(/^--from=build( \/app\/\S+)+ \/app\/\S*$/);
    expect(textsOf(image, 'RUN')).toEqual([]);
    expect(textsOf(image, 'ADD')).toEqual([]);
  });

  it('runs as a user that is a number and not root', () => {
    expect(textsOf(image, 'USER')).toEqual([expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/)]);
  });

  it('says what it is and under which licence', () => {
    const { name, license } = JSON.parse(read('package.json')) as { name: string; license: string };
    const [labels] = textsOf(image, 'LABEL');
    expect(labels).toContain(`org.opencontainers.image.title="${name}"`);
    expect(labels).toContain(`org.opencontainers.image.licenses="${license}"`);
    expect(textsOf(image, 'COPY').join('\n')).toContain('/app/LICENSE');
  });

  it('starts the program itself, not a shell, so that it gets the signals', () => {
    const [main, ...others] = textsOf(image, 'ENTRYPOINT').map((text) => JSON.parse(text) as string[]);
    expect(others).toEqual([]);
    expect(main).toEqual(['node', '/app/dist/main.js']);
    expect(Object.values((JSON.parse(read('package.json')) as { bin: object }).bin)).toEqual([
      path.posix.relative('/app', main!.at(-1)!),
    ]);
  });
});

describe('the build context', () => {
  const [everything, ...allowed] = read('.dockerignore').trim().split('\n');

  it('is exactly what the build copies', () => {
    expect(everything).toBe('*');
    expect(allowed.sort()).toEqual(
      contextSources(build)
        .map((source) => `!${source}`)
        .sort(),
    );
  });

  it('holds files of this repository only', () => {
    for (const source of contextSources(build)) {
      expect(existsSync(path.join(REPOSITORY, source)), source).toBe(true);
      const untracked = ['ls-files', '--others', '--ignored', '--exclude-standard', '--', source];
      expect(execFileSync('git', untracked, { cwd: REPOSITORY, encoding: 'utf8' }), source).toBe('');
    }
  });

  it('holds no secret', () => {
    expect(read('.npmrc')).not.toMatch(/_auth|_password|username|certfile|key/i);
    for (const { name, text } of stages.flat()) {
      expect(name).not.toBe('ARG');
      expect(text).not.toMatch(/token|password|secret/i);
    }
  });

  it('runs no install script of a dependency', () => {
    const installs = textsOf(build, 'RUN').filter((text) => /\bnpm (ci|install|prune)\b/.test(text));
    expect(installs).not.toEqual([]);
    for (const text of installs) expect(text).toMatch(/npm (ci|prune)\b.*--ignore-scripts/);
  });
});
