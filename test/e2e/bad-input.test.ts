import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runInProcess } from '../helpers/in-process.js';
import { filesBeneath, SAMPLE_DATE, sampleProject, type TestProject } from '../helpers/project.js';

/** Bad input gets a clear error and loses nothing: each case with its exit code and what it must say. */
const FILE = `data-samples/churn/${SAMPLE_DATE}.csv`;
let project: TestProject;
let sample: string;
beforeEach(async () => {
  project = await sampleProject();
  sample = await project.read(FILE);
});
afterEach(() => project.drop());

const run = (...args: string[]) =>
  runInProcess(['run', 'churn', '--date', SAMPLE_DATE, ...args], { cwd: project.folder });
const published = () => filesBeneath(path.join(project.folder, 'predictions/churn_predictions'));
const lines = () => sample.split('\n');
const firstKey = () => lines()[1]!.split(',')[0]!;

interface Case {
  readonly name: string;
  readonly content: () => string | Uint8Array;
  readonly code: number;
  readonly says: readonly (string | (() => string))[];
}

const REFUSED: Case[] = [
  { name: 'an empty file', content: () => '', code: 66, says: ['input.empty', FILE] },
  {
    name: 'a header and no rows',
    content: () => `${lines()[0]!}\n`,
    code: 66,
    says: ['input.no_rows'],
  },
  {
    name: 'a last record that was cut short',
    content: () => sample.slice(0, -40),
    code: 66,
    says: ['input.truncated', FILE],
  },
  {
    name: 'a record with too few fields',
    content: () => sample.replace('\n', '\nC-1,only,three\n'),
    code: 65,
    says: ['1 row of 501 rejected', 'field_count (first at line 2)'],
  },
  {
    name: 'a quote that is never closed',
    content: () => `${sample}C-9,"never closed\n`,
    code: 66,
    says: ['csv.unterminated_quote', 'line 502'],
  },
  {
    name: 'a quote within a field',
    content: () => sample.replace('\n', '\nC-1,a "quoted" name,x\n'),
    code: 65,
    says: ['csv.quote', 'line 2'],
  },
  {
    name: 'a NUL in a key',
    content: () => sample.replace(firstKey(), 'C-\0-1'),
    code: 65,
    says: ['nul_byte in customer_id (first at line 2)'],
  },
  {
    name: 'another encoding',
    content: () => Buffer.from(sample, 'latin1'),
    code: 65,
    says: ['csv.encoding', 'input.encoding'],
  },
  {
    name: 'UTF-16 read as UTF-8',
    content: () => Buffer.from(`\ufeff${sample}`, 'utf16le'),
    code: 65,
    says: ['utf-16le'],
  },
  {
    name: 'a column twice in the header',
    content: () => sample.replace('customer_name', 'city'),
    code: 65,
    says: ['city', 'header'],
  },
  {
    name: 'a key twice',
    content: () => `${sample}${lines()[1]!}\n`,
    code: 65,
    says: ['gate.duplicate_keys', firstKey],
  },
  {
    name: 'a missing column',
    content: () => sample.replace('support_calls', 'support_call'),
    code: 78,
    says: ['support_calls', 'support_call'],
  },
  {
    name: 'a wrong delimiter',
    content: () => sample.replaceAll(',', ';'),
    code: 65,
    says: ['delimiter'],
  },
  {
    name: 'a key without a value',
    content: () => sample.replace(firstKey(), ''),
    code: 65,
    says: ['missing_key in customer_id (first at line 2)'],
  },
];

describe('refused, with nothing published', () => {
  it.each(REFUSED)('$name: exit $code', async ({ content, code, says }) => {
    await project.write(FILE, content());
    const result = await run();
    expect(result).toMatchObject({ code, stdout: '' });
    for (const text of says) expect(result.stderr).toContain(typeof text === 'string' ? text : text());
    expect(result.stderr).toContain('hint:');
    expect(await published()).toEqual([]);
  });

  it('a gzip file that was cut short: exit 66', async () => {
    await project.edit('jobs/churn.yaml', '{date}.csv', '{date}.csv.gz');
    await project.write(`${FILE}.gz`, gzipSync(sample).subarray(0, -20));
    const result = await run();
    expect(result.code).toBe(66);
    expect(result.stderr).toContain('input.truncated');
    expect(await published()).toEqual([]);
  });
});

describe('names that JavaScript cannot keep', () => {
  it.each(['missing:\n  __proto__: { then: nan }', 'features:\n  city: __proto__'])(
    '%s: exit 78',
    async (yaml) => {
      await project.edit('jobs/churn.yaml', /^missing:\n(?: .*\n)*/m, `${yaml}\n`);
      const { code, stderr } = await run();
      expect(code).toBe(78);
      expect(stderr).toMatch(/line \d+, column \d+: __proto__ can't be the name of anything/);
    },
  );
});

describe('understood', () => {
  const rows = async (args: string[] = []) => {
    const { code, stdout, stderr } = await run('--json', ...args);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    return (JSON.parse(stdout) as { rows: unknown }).rows;
  };
  const all = { read: 500, scored: 500, rejected: 0 };

  it('a byte order mark', async () => {
    await project.write(FILE, `\ufeff${sample}`);
    expect(await rows()).toEqual(all);
  });

  it('CRLF line ends', async () => {
    await project.write(FILE, sample.replaceAll('\n', '\r\n'));
    expect(await rows()).toEqual(all);
  });

  it('gzip', async () => {
    await project.edit('jobs/churn.yaml', '{date}.csv', '{date}.csv.gz');
    await project.write(`${FILE}.gz`, gzipSync(sample));
    expect(await rows()).toEqual(all);
  });

  it.each([
    ['utf-16le', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['latin1', (text: string) => Buffer.from(text, 'latin1')],
  ] as const)('%s, where the job file says so', async (encoding, encode) => {
    await project.edit('jobs/churn.yaml', '  query:', `  encoding: ${encoding}\n  query:`);
    await project.write(FILE, encode(sample));
    expect(await rows()).toEqual(all);
  });

  it('a file without a header line, where the job file names the columns', async () => {
    const [header, ...rest] = lines();
    await project.edit('jobs/churn.yaml', '  query:', `  header: [${header!}]\n  query:`);
    await project.write(FILE, rest.join('\n'));
    expect(await rows()).toEqual(all);
  });

  it('rejects within their limit, kept and counted', async () => {
    await project.edit('jobs/churn.yaml', 'rejects: 0', 'rejects: 1%');
    await project.write(FILE, sample.replace('\n', '\nC-1,only,three\n'));
    expect(await rows()).toEqual({ read: 501, scored: 500, rejected: 1 });
  });
});

describe('configuration', () => {
  const command = (...args: string[]) => runInProcess(args, { cwd: project.folder });

  it.each<[string, string[], RegExp]>([
    ['an unknown job', ['run', 'chrun'], /chrun.*churn/s],
    ['an unknown environment', ['run', 'churn', '--env', 'prod'], /prod.*dev/s],
    ['an unknown model', ['model', 'show', 'chrun'], /chrun.*churn/s],
    ['an unknown version', ['model', 'show', 'churn', '7'], /no version 7.*1/s],
    ['an attempt that is none', ['show', '0123456789'], /0123456789.*predawn runs/s],
  ])('%s', async (_, args, says) => {
    const { code, stderr } = await command(...args);
    expect([64, 78]).toContain(code);
    expect(stderr).toMatch(says);
  });

  it('a log level that is none: exit 64', async () => {
    const options = { cwd: project.folder, env: { PREDAWN_LOG_LEVEL: 'inof' } };
    const { code, stderr } = await runInProcess(['run', 'churn', '--date', SAMPLE_DATE], options);
    expect(code).toBe(64);
    expect(stderr).toContain('Did you mean "info"?');
  });

  it('a YAML error names line and column', async () => {
    await project.edit('jobs/churn.yaml', 'key: customer_id', 'key: [customer_id');
    const { code, stderr } = await run();
    expect(code).toBe(78);
    expect(stderr).toMatch(/jobs\/churn\.yaml, line \d+, column \d+/);
  });

  it('a model that is live nowhere says how to make it live', async () => {
    await project.edit('jobs/churn.yaml', 'model: churn', 'model: other');
    await command('model', 'add', 'other', 'data-samples/churn/model.onnx');
    const { code, stderr } = await run();
    expect(code).toBe(78);
    expect(stderr).toContain('predawn model promote other 1 --to dev');
  });

  it('a file that is no model: exit 76', async () => {
    await project.write('broken.onnx', 'not a model');
    const { code, stderr } = await command('model', 'add', 'broken', 'broken.onnx');
    expect(code).toBe(76);
    expect(stderr).toContain('model');
  });

  it('an output that the model does not have, and a class that is none', async () => {
    await project.edit('jobs/churn.yaml', 'probabilities[yes]', 'probabilities[maybe]');
    const { code, stderr } = await run();
    expect(code).toBe(78);
    expect(stderr).toContain('maybe');
    expect(stderr).toContain('yes');
  });
});
