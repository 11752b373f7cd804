import { mkdir, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PredawnError } from '../../src/domain/errors.js';
import type { Attempt, Publication, Stage, TargetTable } from '../../src/domain/publication.js';
import { hashKeys } from '../../src/domain/key-hash.js';
import type { Receipt } from '../../src/domain/receipt.js';
import { openFilesPublication } from '../../src/files/publication.js';
import type { PublishStep } from '../../src/files/slice.js';
import { CHURN, newAttempt, newReceipt, targetOf } from '../contracts/attempts.js';
import { churnRows, expectedRows, scoredRows } from '../contracts/scored-rows.js';
import { type FilesUnderTest, openFilesUnderTest } from './publication-under-test.js';

const DAY = '2026-11-20';
const churn = targetOf(CHURN);
let subject: FilesUnderTest;

beforeEach(async () => {
  subject = await openFilesUnderTest();
});
afterEach(async () => {
  await subject.cleanup();
});

test.each(['parquet', 'arrow', 'csv'] as const)('%s: rows stay in the order of the input', async (format) => {
  const target = targetOf(CHURN, { format });
  const attempt = newAttempt(DAY, target);
  const rows = churnRows(1000);
  const shuffled = { keys: [rows.keys[0]!.toReversed()], outputs: rows.outputs };
  await attemptOf(attempt, async (stage) => {
    for (let from = 0; from < 1000; from += 300)
      await append(stage, shuffled, from, Math.min(1000, from + 300));
    return publish(stage, attempt);
  });
  expect(await subject.readSlice(target, DAY)).toEqual(expectedRows(shuffled, attempt.artefact, attempt.id));
});

test('the digest is the sha256 of the file that readers see', async () => {
  const receipt = await publishRows(newAttempt(DAY, churn), 10);
  const bytes = await readFile(slicePath());
  expect(receipt.output.digest).toBe(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
  expect(receipt.output.location).toBe(slicePath());
});

test('nobody beyond owner and group may read predictions, rejects or the ledger', async () => {
  const attempt = newAttempt(DAY, churn);
  await attemptOf(attempt, async (stage) => {
    await append(stage, churnRows(3), 0, 3);
    await stage.reject([{ line: 2, column: 'a', code: 'missing', raw: 'x' }]);
    return publish(stage, attempt);
  });
  const names = await readdir(subject.root, { recursive: true });
  expect(names.length).toBeGreaterThan(10);
  for (const name of ['.', ...names]) expect((await stat(join(subject.root, name))).mode & 0o007).toBe(0);
});

describe('retention', () => {
  test('keeps the rows of the last publications and never removes the current ones', async () => {
    const attempts = [1, 2, 3, 4].map(() => newAttempt(DAY, churn, { retain: 2 }));
    for (const [index, attempt] of attempts.entries()) {
      await attemptOf(attempt, async (stage) => {
        await append(stage, churnRows(index + 1), 0, index + 1);
        await stage.reject([{ line: 2, column: 'a', code: 'missing', raw: 'x' }]);
        return publish(stage, attempt);
      });
    }
    const [, , third, fourth] = attempts;
    expect(await readdir(ours('attempts'))).toEqual([`${third!.id}.parquet`, `${fourth!.id}.parquet`]);
    expect(await readdir(ours('rejects'))).toEqual([`${third!.id}.csv`, `${fourth!.id}.csv`]);
    expect((await stat(join(ours('attempts'), `${fourth!.id}.parquet`))).ino).toBe(
      (await stat(slicePath())).ino,
    );
  });

  test('failed and unchanged attempts keep no rows', async () => {
    const published = newAttempt(DAY, churn);
    await publishRows(published, 3);
    await expect(
      attemptOf(newAttempt(DAY, churn), async (stage) => {
        await append(stage, churnRows(5), 0, 5);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    const same = newAttempt(DAY, churn);
    await attemptOf(same, async (stage) => {
      await append(stage, churnRows(5), 0, 5);
      await stage.unchanged(newReceipt(same, undefined, undefined, 'unchanged'));
    });
    expect(await readdir(ours('attempts'))).toEqual([`${published.id}.parquet`]);
  });
});

describe('what readers would misread is refused', () => {
  test('a slice of another format', async () => {
    await publishRows(newAttempt(DAY, churn), 3);
    const csv = targetOf(CHURN, { format: 'csv' });
    const refused = { kind: 'configuration', code: 'files.format_changed' };
    expect(await subject.publication.check(csv)).toMatchObject([refused]);
    await expect(publishRows(newAttempt(DAY, csv), 3)).rejects.toMatchObject(refused);
    expect(await readdir(dirname(slicePath()))).toEqual(['predictions.parquet']);
  });

  test('a slice that another job published, or nobody', async () => {
    await publishRows(newAttempt(DAY, churn), 3);
    const other = targetOf(CHURN, { job: 'other' });
    const refused = { kind: 'configuration', code: 'files.foreign_slice' };
    expect(await subject.publication.check(other)).toMatchObject([refused]);
    await expect(publishRows(newAttempt(DAY, other), 3)).rejects.toMatchObject(refused);
    expect(await subject.ledger.entries({ job: 'other', limit: 5 })).toEqual([]);
  });

  test.each([
    '..',
    '.',
    '',
    'a/b',
    '../churn',
    'a\\b',
    '_hidden',
    '.hidden',
    'nul\0',
    'as_of=1',
    'new\nline',
    'a'.repeat(201),
    'é'.repeat(101),
  ])('the name %j', async (name) => {
    for (const target of [targetOf(CHURN, { table: name }), targetOf(CHURN, { job: name })]) {
      const refused = { kind: 'configuration', code: 'files.name' };
      expect(await subject.publication.check(target)).toMatchObject([refused]);
      await expect(publishRows(newAttempt(DAY, target), 1)).rejects.toMatchObject(refused);
    }
    expect(existsSync(subject.root)).toBe(false);
  });

  test('two columns of one name', async () => {
    const target = targetOf({ ...CHURN, keys: [{ name: 'Scored_At', type: 'text' }] });
    expect(await subject.publication.check(target)).toMatchObject([{ code: 'files.column_name' }]);
  });
});

describe('a slice that somebody spoilt counts as not published, and is replaced', () => {
  // The kept copy is another name of the same bytes: writing in place spoils both.
  test.each([
    ['removed', () => rm(slicePath())],
    ['replaced', replaceSlice],
    ['cut short in place', () => truncate(slicePath(), 100)],
    ['overwritten in place', () => writeFile(slicePath(), readFileSync(slicePath()).fill(0))],
  ])('%s', async (_, spoil) => {
    await publishRows(newAttempt(DAY, churn), 3);
    await spoil();
    expect(await subject.publication.check(churn)).toEqual([]);
    const attempt = newAttempt(DAY, churn);
    await attemptOf(attempt, async (stage) => {
      expect(stage.current).toBeUndefined();
      await append(stage, churnRows(4), 0, 4);
      return publish(stage, attempt);
    });
    expect(await subject.readSlice(churn, DAY)).toEqual(
      expectedRows(churnRows(4), attempt.artefact, attempt.id),
    );
  });
});

describe('a damaged ledger', () => {
  const damaged = ['', '{"version": 1', '{}', '[]', 'null', '{"version":1,"status":"published"}'];

  test.each(damaged)('a file of an attempt that holds %j is named, and what to do', async (text) => {
    const attempt = newAttempt(DAY, churn);
    await publishRows(attempt, 3);
    const path = join(ours('ledger'), `${attempt.id}.json`);
    await writeFile(path, text);
    const refused = { kind: 'configuration', code: 'files.ledger_damaged' };
    const failures = [
      () => publishRows(newAttempt(DAY, churn), 3),
      () => subject.ledger.entries({ limit: 5 }),
      () => subject.ledger.find(attempt.id),
    ];
    for (const fail of failures) {
      const error: unknown = await fail().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject(refused);
      expect((error as PredawnError).message).toContain(path);
      expect((error as PredawnError).hint).toContain('Move it');
    }
    expect(await subject.publication.check(churn)).toMatchObject([refused]);
    await publishRows(newAttempt('2026-11-21', churn), 3);
  });

  test.each(['published', 'unchanged'] as const)('%s without a receipt is damaged', async (status) => {
    const attempt = newAttempt(DAY, churn);
    await publishRows(attempt, 3);
    const path = join(ours('ledger'), `${attempt.id}.json`);
    const record = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    await writeFile(path, JSON.stringify({ ...record, status, receipt: {} }));
    await expect(subject.ledger.find(attempt.id)).rejects.toMatchObject({ code: 'files.ledger_damaged' });
  });

  test('files whose name is no attempt id are left alone', async () => {
    const attempt = newAttempt(DAY, churn);
    await publishRows(attempt, 3);
    await writeFile(join(ours('ledger'), 'notes.json'), '[]');
    expect(await subject.ledger.entries({ limit: 5 })).toMatchObject([{ attemptId: attempt.id }]);
    await attemptOf(newAttempt(DAY, churn), async (stage) =>
      expect(stage.current?.attemptId).toBe(attempt.id),
    );
    expect(await readdir(ours('ledger'))).toContain('notes.json');
  });
});

test('what dead attempts were writing to the ledger is cleared away', async () => {
  await publishRows(newAttempt(DAY, churn), 3);
  await writeFile(join(ours('ledger'), `${newAttempt(DAY, churn).id}.json.tmp`), '{');
  await publishRows(newAttempt(DAY, churn), 3);
  expect((await readdir(ours('ledger'))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

describe('a run that lost its lock', () => {
  test.each(['before publishing', 'linked'] as const)('%s publishes nothing', async (moment) => {
    const old = newAttempt(DAY, churn);
    await publishRows(old, 3);
    const lose = (): void => {
      if (lost) return;
      lost = true;
      rmSync(join(subject.root, '_predawn', 'churn', 'locks', `${DAY}.lock`));
    };
    let lost = false;
    const publication = await publicationWith((step) => {
      if (step === moment) lose();
    });
    const stale = newAttempt(DAY, churn);
    const failing = publication.withAttempt(stale, new AbortController().signal, async (stage) => {
      await append(stage, churnRows(5), 0, 5);
      if (moment === 'before publishing') lose();
      return publish(stage, stale);
    });
    await expect(failing).rejects.toMatchObject({ kind: 'unavailable', code: 'lock.lost' });
    expect(await subject.readSlice(churn, DAY)).toEqual(expectedRows(churnRows(3), old.artefact, old.id));
    expect(await subject.ledger.find(stale.id)).toMatchObject({
      status: 'failed',
      error: { code: 'lock.lost' },
    });
    expect(await readdir(dirname(slicePath()))).toEqual(['predictions.parquet']);
  });
});

describe('a run that went on after a newer one had settled it', () => {
  const lock = (): string => join(subject.root, '_predawn', 'churn', 'locks', `${DAY}.lock`);

  test.each(['before publishing', 'recorded', 'linked'] as const)('%s has lost its lock', async (moment) => {
    const stale = newAttempt(DAY, churn);
    // What the newer run leaves: its lock, and nothing that the stale one staged.
    const settle = (): void => {
      rmSync(lock());
      writeFileSync(lock(), '');
      rmSync(ours('attempts'), { recursive: true });
      rmSync(join(dirname(slicePath()), `.${stale.id}.tmp`), { force: true });
    };
    const publication = await publicationWith((step) => {
      if (step === moment) settle();
    });
    const failing = publication.withAttempt(stale, new AbortController().signal, async (stage) => {
      await append(stage, churnRows(5), 0, 5);
      const output = await stage.finish();
      if (moment === 'before publishing') settle();
      return stage.publish(({ changes }) => newReceipt(stale, output, changes));
    });
    await expect(failing).rejects.toMatchObject({ kind: 'unavailable', code: 'lock.lost' });
    expect(existsSync(slicePath())).toBe(false);
  });

  test('has published, where the newer one found its rows and recorded so', async () => {
    const stale = newAttempt(DAY, churn);
    const record = (): string => join(ours('ledger'), `${stale.id}.json`);
    const publication = await publicationWith((step) => {
      if (step !== 'synced') return;
      const publishing = JSON.parse(readFileSync(record(), 'utf8')) as Record<string, unknown>;
      writeFileSync(record(), JSON.stringify({ ...publishing, status: 'published' }));
      // Its own record can't be written any more.
      mkdirSync(`${record()}.tmp`);
    });
    const receipt = await publication.withAttempt(stale, new AbortController().signal, async (stage) => {
      await append(stage, churnRows(5), 0, 5);
      return publish(stage, stale);
    });
    expect(receipt.attempt_id).toBe(stale.id);
    expect(await subject.ledger.find(stale.id)).toMatchObject({ status: 'published' });
  });

  test('is told so for rows that it can no longer read', async () => {
    const stale = newAttempt(DAY, churn);
    const failing = attemptOf(stale, async (stage) => {
      const twice = {
        keys: [['a', 'a']],
        outputs: [
          [0.5, 0.5],
          ['No', 'No'],
        ],
      };
      await append(stage, twice, 0, 2);
      await stage.finish();
      rmSync(lock());
      rmSync(ours('attempts'), { recursive: true });
      await stage.duplicateKeys(5);
    });
    await expect(failing).rejects.toMatchObject({ kind: 'unavailable', code: 'lock.lost' });
  });
});

// A record's temporary file that leads to /dev/full fails with ENOSPC, as on a full disk.
describe.skipIf(!existsSync('/dev/full'))('a full disk', () => {
  test('before the slice is replaced: the old rows stay, a retry succeeds', async () => {
    const old = newAttempt(DAY, churn);
    await publishRows(old, 3);
    const attempt = newAttempt(DAY, churn);
    const failing = attemptOf(attempt, async (stage) => {
      await append(stage, churnRows(5), 0, 5);
      const output = await stage.finish();
      await fillDisk(attempt);
      return stage.publish(({ changes }) => newReceipt(attempt, output, changes));
    });
    await expect(failing).rejects.toMatchObject({ kind: 'unavailable', code: 'disk.full' });
    await expect(failing).rejects.toThrow(subject.root);
    expect(await subject.readSlice(churn, DAY)).toEqual(expectedRows(churnRows(3), old.artefact, old.id));
    await rm(recordPath(attempt));
    await publishRows(newAttempt(DAY, churn), 4);
    expect(await subject.ledger.find(attempt.id)).toMatchObject({ status: 'failed' });
  });

  test('after the slice was replaced: unresolved, and the next run finds the publication', async () => {
    const attempt = newAttempt(DAY, churn);
    const publication = await publicationWith((step) => {
      if (step === 'renamed') symlinkSync('/dev/full', recordPath(attempt));
    });
    const failing = publication.withAttempt(attempt, new AbortController().signal, async (stage) => {
      await append(stage, churnRows(5), 0, 5);
      return publish(stage, attempt);
    });
    await expect(failing).rejects.toMatchObject({ kind: 'unresolved', code: 'files.unrecorded' });
    await rm(recordPath(attempt));
    await attemptOf(newAttempt(DAY, churn), async (stage) =>
      expect(stage.current!.attemptId).toBe(attempt.id),
    );
    expect(await subject.ledger.find(attempt.id)).toMatchObject({ status: 'published', current: true });
  });

  const recordPath = ({ id }: Attempt): string => join(ours('ledger'), `${id}.json.tmp`);
  const fillDisk = (attempt: Attempt): Promise<void> => symlink('/dev/full', recordPath(attempt));
});

test('a destination that is a file is named', async () => {
  await writeFile(subject.root, '');
  const refused = { kind: 'configuration', code: 'files.path' };
  expect(await subject.publication.check(churn)).toMatchObject([refused, refused]);
  await expect(publishRows(newAttempt(DAY, churn), 1)).rejects.toMatchObject(refused);
});

test('check changes nothing', async () => {
  expect(await subject.publication.check(churn)).toEqual([]);
  expect(existsSync(subject.root)).toBe(false);
  await mkdir(join(subject.root, churn.table, 'notes'), { recursive: true });
  expect(await subject.publication.check(churn)).toEqual([]);
});

test('how to look is relative where the folder is beneath the current one', async () => {
  expect(subject.publication.howToLook(churn, DAY)).toBe(
    `duckdb -c "from 'predictions/churn_predictions/as_of=${DAY}/predictions.parquet' limit 10"`,
  );
  const elsewhere = await openFilesPublication({ root: '/srv/out', cwd: '/home/me', now: () => new Date() });
  expect(elsewhere.howToLook(churn, DAY)).toContain("'/srv/out/churn_predictions/");
});

describe('duplicate keys are named in every format and key type', () => {
  const keys = {
    text: 'a, "b"',
    int2: '-7',
    int8: '9007199254740993',
    uuid: '01890a5d-ac96-774b-bcce-b302099a8057',
    date: '2026-11-20',
    timestamptz: '2026-11-20T03:04:05.000006Z',
  };
  test.each(['parquet', 'arrow', 'csv'] as const)('%s', async (format) => {
    const types = Object.keys(keys) as (keyof typeof keys)[];
    const columns = { ...CHURN, keys: types.map((type) => ({ name: `k_${type}`, type })) };
    const target = targetOf(columns, { format });
    const attempt = newAttempt(DAY, target);
    const repeat = <T>(value: T): T[] => [value, value, value];
    const texts = types.map((type) => repeat(keys[type]));
    texts[1] = ['8', '-7', '-7'];
    const rows = { keys: texts, outputs: [repeat(0.5), repeat('No')] };
    await attemptOf(attempt, async (stage) => {
      for (const row of [0, 1, 2]) await append(stage, rows, row, row + 1, columns);
      await stage.finish();
      expect(await stage.duplicateKeys(5)).toEqual([Object.values(keys).join(', ')]);
    });
  });
});

function slicePath(): string {
  return join(subject.root, churn.table, `as_of=${DAY}`, 'predictions.parquet');
}

function ours(what: 'attempts' | 'rejects' | 'ledger'): string {
  return join(subject.root, '_predawn', 'churn', what, DAY);
}

function publicationWith(onStep: (step: PublishStep) => void): Promise<Publication> {
  return openFilesPublication({ root: subject.root, cwd: subject.root, now: () => new Date(), onStep });
}

/** What an editor does that writes a new file in the old one's place. */
async function replaceSlice(): Promise<void> {
  await rm(slicePath());
  await writeFile(slicePath(), 'edited');
}

function attemptOf<T>(attempt: Attempt, work: (stage: Stage) => Promise<T>): Promise<T> {
  return subject.publication.withAttempt(attempt, new AbortController().signal, work);
}

async function publishRows(attempt: Attempt, rows: number): Promise<Receipt> {
  return attemptOf(attempt, async (stage) => {
    await append(stage, churnRows(rows), 0, rows);
    return publish(stage, attempt);
  });
}

async function append(
  stage: Stage,
  rows: ReturnType<typeof churnRows>,
  from: number,
  to: number,
  columns: Pick<TargetTable, 'keys' | 'outputs'> = CHURN,
): Promise<void> {
  const scored = scoredRows(columns, rows, from, to);
  const encoder = await subject.makeEncoder(stage.encoder);
  await stage.append({
    payload: encoder.encode(scored),
    rows: to - from,
    keyHashes: hashKeys(scored.keys, to - from),
  });
}

async function publish(stage: Stage, attempt: Attempt): Promise<Receipt> {
  const output = await stage.finish();
  return stage.publish(({ changes }) => newReceipt(attempt, output, changes));
}
