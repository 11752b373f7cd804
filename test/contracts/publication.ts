import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BlockEncoder, EncoderSpec } from '../../src/domain/codecs.js';
import type { KeyType, OutputType, Reject } from '../../src/domain/columns.js';
import { PredawnError } from '../../src/domain/errors.js';
import { hashKeys } from '../../src/domain/key-hash.js';
import type { Ledger } from '../../src/domain/ledger.js';
import type {
  Attempt,
  Publication,
  Publishing,
  Stage,
  StagedOutput,
  TargetTable,
} from '../../src/domain/publication.js';
import type { Receipt } from '../../src/domain/receipt.js';
import { asJson, CHURN, newAttempt, newReceipt, offendingOf, rejectsOf, targetOf } from './attempts.js';
import {
  churnRows,
  expectedRows,
  outputColumn,
  scoredRows,
  type SliceRow,
  sorted,
  type TestRows,
  type Value,
  withoutAttempt,
} from './scored-rows.js';

/** What an implementation brings to be tested: an empty destination of its own. */
export interface PublicationUnderTest {
  readonly publication: Publication;
  readonly ledger: Ledger;
  /** Another process's view of the same destination. */
  anotherPublication(): Promise<Publication>;
  makeEncoder(spec: EncoderSpec): BlockEncoder | Promise<BlockEncoder>;
  /** What any reader of the table sees of a slice, in any order; no rows where there is none. */
  readSlice(target: TargetTable, asOf: string): Promise<readonly SliceRow[]>;
  /** The rejects that were kept for an attempt, in order. */
  readRejects(attempt: Attempt): Promise<readonly Reject[]>;
  /** Closes `publication` and `ledger` too. */
  cleanup(): Promise<void>;
}

const DAY = '2026-11-20';
const NEXT_DAY = '2026-11-21';

/** The contract of `Publication` and `Ledger`: every implementation passes it. `formats` are tried in turn. */
export function describePublication(
  name: string,
  open: () => Promise<PublicationUnderTest>,
  formats: readonly TargetTable['format'][] = ['parquet'],
): void {
  describe.each(formats)(`${name}, %s`, (format) => {
    let subject: PublicationUnderTest;
    const churn = targetOf(CHURN, { format });

    beforeEach(async () => {
      subject = await open();
    });
    afterEach(async () => {
      await subject.cleanup();
    });

    describe('publishing', () => {
      test('the first publication of a date makes its slice', async () => {
        const attempt = newAttempt(DAY, churn);
        let current: unknown = 'not asked';
        const receipt = await withAttempt(attempt, async (stage) => {
          current = stage.current;
          expect(await seen(churn, DAY)).toEqual([]);
          const output = await stageRows(stage, attempt, churnRows(10), 4);
          expect(output.rows).toBe(10);
          expect(output.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
          expect(await stage.duplicateKeys(5)).toEqual([]);
          expect(await seen(churn, DAY)).toEqual([]);
          return stage.publish(receiptOf(attempt, output));
        });
        expect(current).toBeUndefined();
        expect(receipt.changes).toEqual({ inserted: 10, updated: 0, deleted: 0 });
        expect(receipt.attempt_id).toBe(attempt.id);
        expect(await seen(churn, DAY)).toEqual(expected(attempt, churnRows(10)));
      });

      test('the next attempt of a date is told what the slice holds', async () => {
        const first = await publishRows(newAttempt(DAY, churn), churnRows(3));
        const again = newAttempt(DAY, churn);
        await withAttempt(again, async (stage) => {
          expect(stage.current).toEqual({
            attemptId: first.attempt_id,
            artefactDigest: first.artefact.digest,
            jobDigest: first.job_file.digest,
            inputFingerprint: first.input.fingerprint,
            receipt: asJson(first),
          });
        });
        await withAttempt(newAttempt(NEXT_DAY, churn), async (stage) => {
          expect(stage.current).toBeUndefined();
        });
      });

      test('a re-publication leaves exactly the new rows, and other dates alone', async () => {
        const other = newAttempt(NEXT_DAY, churn);
        await publishRows(other, churnRows(4));
        await publishRows(newAttempt(DAY, churn), {
          keys: [['same', 'changed', 'dropped']],
          outputs: [
            [0.25, 0.5, 0.75],
            ['Yes', 'No', 'Yes'],
          ],
        });
        const attempt = newAttempt(DAY, churn);
        const rows: TestRows = {
          keys: [['new', 'changed', 'same']],
          outputs: [
            [0.125, 0.625, 0.25],
            ['No', 'Yes', 'Yes'],
          ],
        };
        const { changes } = await publishRows(attempt, rows);
        expect(changes!.inserted - changes!.deleted).toBe(0);
        expect(changes!.inserted).toBeGreaterThanOrEqual(1);
        const slice = await seen(churn, DAY);
        expect(withoutAttempt(slice)).toEqual(withoutAttempt(expected(attempt, rows)));
        expect(slice.find((row) => row.key[0] === 'changed')!.attemptId).toBe(attempt.id);
        expect(await seen(churn, NEXT_DAY)).toEqual(expected(other, churnRows(4)));
      });

      test('a slice can grow, shrink, become empty and come back', async () => {
        for (const count of [5, 8, 2, 0, 3]) {
          const attempt = newAttempt(DAY, churn);
          await publishRows(attempt, churnRows(count));
          expect(withoutAttempt(await seen(churn, DAY))).toEqual(
            withoutAttempt(expected(attempt, churnRows(count))),
          );
        }
      });

      test('no rows at all can be published', async () => {
        const attempt = newAttempt(DAY, churn);
        const receipt = await withAttempt(attempt, async (stage) => {
          const output = await stage.finish();
          expect(output.rows).toBe(0);
          expect(await stage.duplicateKeys(5)).toEqual([]);
          return stage.publish(receiptOf(attempt, output));
        });
        expect(receipt.changes).toEqual({ inserted: 0, updated: 0, deleted: 0 });
        expect(await seen(churn, DAY)).toEqual([]);
        expect((await subject.ledger.find(attempt.id))!.status).toBe('published');
      });

      test('an error after publishing leaves the slice published', async () => {
        const attempt = newAttempt(DAY, churn);
        const failing = withAttempt(attempt, async (stage) => {
          const output = await stageRows(stage, attempt, churnRows(3), 3);
          await stage.publish(receiptOf(attempt, output));
          throw new PredawnError('internal', 'test.late', 'thrown too late');
        });
        await expect(failing).rejects.toMatchObject({ code: 'test.late' });
        expect(await seen(churn, DAY)).toEqual(expected(attempt, churnRows(3)));
        expect(await subject.ledger.find(attempt.id)).toMatchObject({ status: 'published', current: true });
      });

      test('an error from the receipt publishes nothing', async () => {
        const attempt = newAttempt(DAY, churn);
        const failing = withAttempt(attempt, async (stage) => {
          await stageRows(stage, attempt, churnRows(3), 3);
          return stage.publish(() => {
            throw new PredawnError('internal', 'test.receipt', 'does not balance');
          });
        });
        await expect(failing).rejects.toMatchObject({ code: 'test.receipt' });
        expect(await seen(churn, DAY)).toEqual([]);
        expect(await subject.ledger.find(attempt.id)).toMatchObject({ status: 'failed', current: false });
      });
    });

    describe('not publishing', () => {
      test('unchanged: the slice stays, the ledger says so', async () => {
        const first = newAttempt(DAY, churn);
        await publishRows(first, churnRows(3));
        const again = newAttempt(DAY, churn);
        const receipt = newReceipt(again, undefined, undefined, 'unchanged');
        await withAttempt(again, (stage) => stage.unchanged(receipt));
        expect(await seen(churn, DAY)).toEqual(expected(first, churnRows(3)));
        const entry = (await subject.ledger.find(again.id))!;
        expect(entry).toMatchObject({ status: 'unchanged', current: false });
        expect(asJson(entry.receipt)).toEqual(asJson(receipt));
        expect(await subject.ledger.find(first.id)).toMatchObject({ status: 'published', current: true });
      });

      test('failing work: recorded, nothing visible, rejects kept, its own error thrown', async () => {
        const first = newAttempt(DAY, churn);
        await publishRows(first, churnRows(3));
        const attempt = newAttempt(DAY, churn);
        const offending = [
          { gate: 'checks', subject: 'a "check"', key: 'k, 1', row: '{"p":0.5}' },
          { gate: 'unknown_categories', subject: 'plan', key: '', row: 'line\nend' },
        ];
        const rejects: Reject[] = [
          { line: 2, column: 'tenure', code: 'not_a_number', raw: 'C-1,"x ""y""",Ünïcode 💥' },
          { line: 7, column: undefined, code: 'field_count', raw: "two\nlines,'; drop table" },
        ];
        const more: Reject[] = [{ line: 90, column: 'a,"b"', code: 'missing', raw: '' }];
        const failing = withAttempt(attempt, async (stage) => {
          expect(stage.rejectsLocation).not.toBe('');
          await stageRows(stage, attempt, churnRows(6), 3);
          await stage.reject(rejects);
          await stage.keepOffending(offending);
          await stage.reject(more);
          throw new PredawnError('data', 'gate.rejects', 'too many rejects', { hint: 'Mend the input.' });
        });
        await expect(failing).rejects.toMatchObject({ kind: 'data', code: 'gate.rejects' });
        expect(await seen(churn, DAY)).toEqual(expected(first, churnRows(3)));
        expect(await subject.readRejects(attempt)).toEqual([...rejects, ...more]);
        expect(await rejectsOf(subject.ledger, attempt)).toEqual([...rejects, ...more]);
        expect(await rejectsOf(subject.ledger, first)).toEqual([]);
        expect(await offendingOf(subject.ledger, attempt)).toEqual(offending);
        expect(await offendingOf(subject.ledger, first)).toEqual([]);
        const entry = (await subject.ledger.find(attempt.id))!;
        expect(entry).toMatchObject({
          status: 'failed',
          current: false,
          receipt: undefined,
          error: { kind: 'data', code: 'gate.rejects', message: 'too many rejects' },
        });
        expect(Date.parse(entry.finishedAt!)).not.toBeNaN();
      });

      test('any number of rejects come back in order, and reading can be stopped', async () => {
        const attempt = newAttempt(DAY, churn);
        const rejects = Array.from({ length: 2500 }, (_, row): Reject => {
          return {
            line: row + 2,
            column: 'tenure',
            code: 'missing',
            raw: `C-${row},"",${'\r\n'.repeat(row % 2)}x`,
          };
        });
        await withAttempt(attempt, async (stage) => {
          await stage.reject(rejects.slice(0, 1100));
          expect((await rejectsOf(subject.ledger, attempt)).length).toBe(1100);
          await stage.reject(rejects.slice(1100));
        });
        for await (const some of subject.ledger.rejects((await subject.ledger.find(attempt.id))!)) {
          expect(some[0]).toEqual(rejects[0]);
          break;
        }
        expect(await rejectsOf(subject.ledger, attempt)).toEqual(rejects);
      });

      test('an unexpected error is recorded as internal', async () => {
        const attempt = newAttempt(DAY, churn);
        const failing = withAttempt(attempt, async () => {
          throw new RangeError('index out of bounds');
        });
        await expect(failing).rejects.toBeInstanceOf(RangeError);
        expect(await subject.ledger.find(attempt.id)).toMatchObject({
          status: 'failed',
          error: { kind: 'internal', message: 'index out of bounds' },
        });
      });

      test('work that ends without publishing publishes nothing', async () => {
        const attempt = newAttempt(DAY, churn);
        await withAttempt(attempt, (stage) => stageRows(stage, attempt, churnRows(3), 3));
        expect(await seen(churn, DAY)).toEqual([]);
        expect(await subject.ledger.find(attempt.id)).toMatchObject({ status: 'failed', current: false });
      });

      test('after an abort nothing can be published', async () => {
        const attempt = newAttempt(DAY, churn);
        const controller = new AbortController();
        const reason = new PredawnError('interrupted', 'signal', 'interrupted by SIGTERM', {
          signal: 'SIGTERM',
        });
        const failing = subject.publication.withAttempt(attempt, controller.signal, async (stage) => {
          const output = await stageRows(stage, attempt, churnRows(3), 3);
          controller.abort(reason);
          return stage.publish(receiptOf(attempt, output));
        });
        await expect(failing).rejects.toBe(reason);
        expect(await seen(churn, DAY)).toEqual([]);
        expect(await subject.ledger.find(attempt.id)).toMatchObject({
          status: 'failed',
          error: { kind: 'interrupted' },
        });
        await publishRows(newAttempt(DAY, churn), churnRows(1));
      });

      test('a signal that is aborted already opens nothing', async () => {
        const attempt = newAttempt(DAY, churn);
        const reason = new PredawnError('interrupted', 'signal', 'interrupted by SIGINT', {
          signal: 'SIGINT',
        });
        let worked = false;
        const failing = subject.publication.withAttempt(attempt, AbortSignal.abort(reason), async () => {
          worked = true;
        });
        await expect(failing).rejects.toBe(reason);
        expect(worked).toBe(false);
      });
    });

    describe('the lock', () => {
      test('one attempt of a date at a time, whoever asks; other dates and jobs are free', async () => {
        const holder = newAttempt(DAY, churn);
        const another = await subject.anotherPublication();
        try {
          await withAttempt(holder, async (stage) => {
            for (const publication of [another, subject.publication]) {
              const contender = newAttempt(DAY, churn);
              const held = publication.withAttempt(contender, never, async () => 'worked');
              await expect(held).rejects.toMatchObject({ kind: 'unavailable', code: 'lock.held' });
              await expect(held).rejects.toThrow(DAY);
            }
            const free = targetOf(CHURN, { format, job: 'other', table: 'other_predictions' });
            expect(await another.withAttempt(newAttempt(NEXT_DAY, churn), never, async () => 'worked')).toBe(
              'worked',
            );
            expect(await another.withAttempt(newAttempt(DAY, free), never, async () => 'worked')).toBe(
              'worked',
            );
            const output = await stageRows(stage, holder, churnRows(2), 2);
            await stage.publish(receiptOf(holder, output));
          });
          expect(await seen(churn, DAY)).toEqual(expected(holder, churnRows(2)));
          expect(await another.withAttempt(newAttempt(DAY, churn), never, async () => 'worked')).toBe(
            'worked',
          );
        } finally {
          await another.close();
        }
      });

      test('is free again after a failure', async () => {
        const failing = withAttempt(newAttempt(DAY, churn), async () => {
          throw new Error('no');
        });
        await expect(failing).rejects.toThrow('no');
        await publishRows(newAttempt(DAY, churn), churnRows(1));
      });
    });

    describe('duplicate keys', () => {
      test('are found within and across blocks, and named', async () => {
        const attempt = newAttempt(DAY, churn);
        const keys = ['a', 'twice, "quoted"', 'b', 'twice, "quoted"', 'c', 'thrice', 'thrice', 'thrice'];
        const failing = withAttempt(attempt, async (stage) => {
          await stageRows(
            stage,
            attempt,
            { keys: [keys], outputs: [keys.map(() => 0.5), keys.map(() => 'No')] },
            3,
          );
          expect([...(await stage.duplicateKeys(5))].sort()).toEqual(['thrice', 'twice, "quoted"']);
          expect(await stage.duplicateKeys(1)).toHaveLength(1);
          throw new PredawnError('data', 'gate.duplicate_keys', 'duplicate keys');
        });
        await expect(failing).rejects.toMatchObject({ code: 'gate.duplicate_keys' });
        expect(await seen(churn, DAY)).toEqual([]);
      });

      test('keys of several columns are equal only if every column is', async () => {
        const columns = {
          ...CHURN,
          keys: [
            { name: 'shop', type: 'text' as const },
            { name: 'item', type: 'int4' as const },
          ],
        };
        const target = targetOf(columns, { format });
        const attempt = newAttempt(DAY, target);
        const shops = ['a', 'a', 'b', 'ab', 'b'];
        await withAttempt(attempt, async (stage) => {
          await stageRows(
            stage,
            attempt,
            { keys: [shops, ['1', '2', '1', '1', '1']], outputs: [shops.map(() => 0), shops.map(() => '')] },
            2,
          );
          expect(await stage.duplicateKeys(5)).toEqual(['b, 1']);
        });
      });
    });

    describe('values', () => {
      const keyTypes: Record<KeyType, readonly string[]> = {
        text: [
          'plain',
          'quote \' and " and `',
          'comma,semicolon;tab\t',
          'line\nbreak\r\nand CR\r',
          'Ærø 東京 💥 e\u0301',
          ' spaces ',
          '\\N',
          '\\',
          'NULL',
          '=1+1',
          '',
          '00042',
        ],
        int2: ['-32768', '-1', '0', '32767'],
        int4: ['-2147483648', '0', '2147483647'],
        int8: ['-9223372036854775808', '-1', '9007199254740993', '9223372036854775807'],
        uuid: [
          '00000000-0000-0000-0000-000000000000',
          '01890a5d-ac96-774b-bcce-b302099a8057',
          'ffffffff-ffff-ffff-ffff-ffffffffffff',
        ],
        date: ['1969-12-31', '2000-01-01', '2026-11-20'],
        timestamp: ['1969-12-31T23:59:59.999999', '2026-11-20T03:04:05.000006'],
        timestamptz: ['1999-12-31T23:59:59.999999Z', '2026-11-20T03:04:05.123456Z'],
      };
      test.each(Object.entries(keyTypes))('key type %s keeps every value', async (type, texts) => {
        const target = targetOf({ ...CHURN, keys: [{ name: 'id', type: type as KeyType }] }, { format });
        const attempt = newAttempt(DAY, target);
        const rows = { keys: [texts], outputs: [texts.map(() => 0.5), texts.map(() => 'No')] };
        await publishRows(attempt, rows, 2);
        expect(await seen(target, DAY)).toEqual(expected(attempt, rows));
      });

      test('keys of several columns and types', async () => {
        const types: KeyType[] = ['text', 'int8', 'date'];
        const target = targetOf(
          { ...CHURN, keys: types.map((type) => ({ name: `${type}_key`, type })) },
          { format },
        );
        const attempt = newAttempt(DAY, target);
        const rows: TestRows = {
          keys: [
            ['a', 'a', ''],
            ['1', '2', '1'],
            ['2026-01-01', '2026-01-01', '2026-01-02'],
          ],
          outputs: [
            [0, 0.5, 1],
            ['Yes', 'No', 'No'],
          ],
        };
        await publishRows(attempt, rows, 2);
        expect(await seen(target, DAY)).toEqual(expected(attempt, rows));
      });

      const outputTypes: Record<OutputType, readonly Value[]> = {
        float4: [0, 0.1, -1.5, 16777217, 1.17549435e-38, 1.4e-45, 3.4028235e38].map(Math.fround),
        float8: [0, 0.1, -1 / 3, 9007199254740994, 5e-324, 1.7976931348623157e308],
        int4: [-2147483648, 0, 2147483647],
        int8: [-9223372036854775808n, 0n, 9007199254740993n, 9223372036854775807n],
        bool: [true, false, true],
        text: ['Yes', 'No', '', 'it\'s "quoted", with a\nline', 'Größe 💥', 'NULL', '\\N', 'true', '12'],
      };
      test.each(Object.entries(outputTypes))('output type %s keeps every value', async (type, values) => {
        const target = targetOf(
          { ...CHURN, outputs: [outputColumn('value', type as OutputType)] },
          { format },
        );
        const attempt = newAttempt(DAY, target);
        const rows = { keys: [values.map((_, row) => `key ${row}`)], outputs: [values] };
        await publishRows(attempt, rows, 2);
        expect(await seen(target, DAY)).toEqual(expected(attempt, rows));
      });

      test('blocks of very different sizes', async () => {
        const attempt = newAttempt(DAY, churn);
        const rows = churnRows(3000);
        await withAttempt(attempt, async (stage) => {
          let from = 0;
          for (const to of [0, 1, 2, 1500, 1500, 2999, 3000]) {
            await appendRows(stage, attempt, rows, from, to);
            from = to;
          }
          const output = await stage.finish();
          expect(output.rows).toBe(3000);
          expect(await stage.duplicateKeys(5)).toEqual([]);
          return stage.publish(receiptOf(attempt, output));
        });
        expect(await seen(churn, DAY)).toEqual(expected(attempt, rows));
      });
    });

    describe('the ledger', () => {
      test('shows attempts newest first, by job and date, with what is current', async () => {
        const other = targetOf(CHURN, { format, job: 'other', table: 'other_predictions' });
        const attempts = [
          newAttempt(DAY, churn),
          newAttempt(NEXT_DAY, churn),
          newAttempt(DAY, other),
          newAttempt(DAY, churn),
        ];
        for (const attempt of attempts) await publishRows(attempt, churnRows(2));
        const [first, nextDay, otherJob, second] = attempts.map(({ id }) => id);
        const all = await subject.ledger.entries({ limit: 10 });
        expect(all.map((entry) => entry.attemptId)).toEqual([second, otherJob, nextDay, first]);
        expect(all.map((entry) => entry.current)).toEqual([true, true, true, false]);
        expect(all.every((entry) => entry.status === 'published')).toBe(true);
        const churnOnly = await subject.ledger.entries({ job: 'churn', limit: 2 });
        expect(churnOnly.map((entry) => entry.attemptId)).toEqual([second, nextDay]);
        expect(await subject.ledger.entries({ job: 'unknown', limit: 10 })).toEqual([]);
        const ofDay = await subject.ledger.entries({ asOf: DAY, limit: 10 });
        expect(ofDay.map((entry) => entry.attemptId)).toEqual([second, otherJob, first]);
        const both = await subject.ledger.entries({ job: 'churn', asOf: NEXT_DAY, limit: 10 });
        expect(both.map((entry) => entry.attemptId)).toEqual([nextDay]);
      });

      test('says of every date of a job what was tried last and whose slice it is', async () => {
        const other = targetOf(CHURN, { format, job: 'other', table: 'other_predictions' });
        const [first, second, failed] = [1, 2, 3].map(() => newAttempt(DAY, churn));
        await publishRows(first!, churnRows(2));
        await publishRows(second!, churnRows(3));
        const fails = withAttempt(failed!, () => Promise.reject(new PredawnError('data', 'gate.x', 'No.')));
        await expect(fails).rejects.toThrow('No.');
        const onlyFailed = newAttempt(NEXT_DAY, churn);
        await expect(withAttempt(onlyFailed, () => Promise.reject(new Error('x')))).rejects.toThrow('x');
        await publishRows(newAttempt(DAY, other), churnRows(1));
        await publishRows(newAttempt('2026-11-25', churn), churnRows(1));

        const dates = await subject.ledger.dates({ job: 'churn', from: DAY, to: NEXT_DAY });
        expect(dates.map((date) => [date.asOf, date.newest.attemptId, date.current?.attemptId])).toEqual([
          [DAY, failed!.id, second!.id],
          [NEXT_DAY, onlyFailed.id, undefined],
        ]);
        expect(dates[0]!.newest).toMatchObject({ status: 'failed', error: { code: 'gate.x' } });
        expect(dates[0]!.current).toMatchObject({ status: 'published', current: true });
        expect(dates[0]!.current!.receipt!.rows.scored).toBe(3);
        expect(await subject.ledger.dates({ job: 'unknown', from: DAY, to: NEXT_DAY })).toEqual([]);
        expect(await subject.ledger.dates({ job: 'churn', from: '2026-01-01', to: '2026-01-31' })).toEqual(
          [],
        );
      });

      test('keeps an attempt whole and finds it by prefix', async () => {
        const attempt = newAttempt(DAY, churn);
        const receipt = await publishRows(attempt, churnRows(2));
        const entry = (await subject.ledger.find(attempt.id))!;
        expect(entry).toMatchObject({
          attemptId: attempt.id,
          job: 'churn',
          environment: 'dev',
          asOf: DAY,
          status: 'published',
          current: true,
          artefact: 'churn@3',
          artefactDigest: attempt.artefactDigest,
          error: undefined,
        });
        expect(new Date(entry.startedAt).toISOString()).toBe(attempt.startedAt);
        expect(Date.parse(entry.finishedAt!)).not.toBeNaN();
        expect(asJson(entry.receipt)).toEqual(asJson(receipt));
        // UUIDv7: the first 13 characters are the millisecond, shared by attempts of the same one.
        expect((await subject.ledger.find(attempt.id.slice(0, 30)))!.attemptId).toBe(attempt.id);
        expect(await subject.ledger.find('ffffff')).toBeUndefined();
        expect(await subject.ledger.find('ff%_*.')).toBeUndefined();
      });

      test('finds nothing by a prefix that several attempts have or that is too short', async () => {
        const ids = ['01890a5d-ac96-774b-bcce-b302099a8057', '01890a5d-ac96-774b-bcce-b302099a8058'];
        for (const id of ids) await publishRows(newAttempt(DAY, churn, { id }), churnRows(1));
        expect(await subject.ledger.find('01890a5d-ac96-774b-bcce-b302099a805')).toBeUndefined();
        expect((await subject.ledger.find(ids[1]!))!.attemptId).toBe(ids[1]);
        expect(await subject.ledger.find('01890')).toBeUndefined();
      });

      test('shows a running attempt as open', async () => {
        const attempt = newAttempt(DAY, churn);
        await withAttempt(attempt, async () => {
          expect(await subject.ledger.find(attempt.id)).toMatchObject({
            status: 'open',
            current: false,
            finishedAt: undefined,
            receipt: undefined,
            error: undefined,
          });
        });
      });

      test('an empty ledger has no entries', async () => {
        expect(await subject.ledger.entries({ limit: 10 })).toEqual([]);
        expect(await subject.ledger.find('0189abcd')).toBeUndefined();
      });

      test('retention of one attempt keeps the current slice and every entry', async () => {
        const attempts = [1, 2, 3].map(() => newAttempt(DAY, churn, { retain: 1 }));
        for (const [index, attempt] of attempts.entries()) await publishRows(attempt, churnRows(index + 2));
        expect(withoutAttempt(await seen(churn, DAY))).toEqual(
          withoutAttempt(expected(attempts[2]!, churnRows(4))),
        );
        const entries = await subject.ledger.entries({ limit: 10 });
        expect(entries.map((entry) => [entry.status, entry.current])).toEqual([
          ['published', true],
          ['published', false],
          ['published', false],
        ]);
      });
    });

    test('check finds nothing wrong with a table that can be made, nor with one that is there', async () => {
      expect(await subject.publication.check(churn)).toEqual([]);
      await publishRows(newAttempt(DAY, churn), churnRows(2));
      expect(await subject.publication.check(churn)).toEqual([]);
      expect(subject.publication.howToLook(churn, DAY)).toContain('churn_predictions');
      expect(subject.publication.location).not.toBe('');
    });

    const never = new AbortController().signal;

    function withAttempt<T>(attempt: Attempt, work: (stage: Stage) => Promise<T>): Promise<T> {
      return subject.publication.withAttempt(attempt, never, work);
    }

    async function publishRows(attempt: Attempt, rows: TestRows, blockRows = 100): Promise<Receipt> {
      return withAttempt(attempt, async (stage) => {
        const output = await stageRows(stage, attempt, rows, blockRows);
        return stage.publish(receiptOf(attempt, output));
      });
    }

    async function stageRows(
      stage: Stage,
      attempt: Attempt,
      rows: TestRows,
      blockRows: number,
    ): Promise<StagedOutput> {
      const count = rows.keys[0]!.length;
      for (let from = 0; from < count; from += blockRows) {
        await appendRows(stage, attempt, rows, from, Math.min(count, from + blockRows));
      }
      return stage.finish();
    }

    async function appendRows(
      stage: Stage,
      attempt: Attempt,
      rows: TestRows,
      from: number,
      to: number,
    ): Promise<void> {
      const scored = scoredRows(attempt.target, rows, from, to);
      // As it comes from another thread: a copy without prototypes of ours.
      const encoder = await subject.makeEncoder(structuredClone(stage.encoder));
      await stage.append({
        payload: encoder.encode(scored),
        rows: scored.rows,
        keyHashes: stage.hashKeys ? hashKeys(scored.keys, scored.rows) : undefined,
      });
    }

    async function seen(target: TargetTable, asOf: string): Promise<SliceRow[]> {
      return sorted(await subject.readSlice(target, asOf));
    }

    function expected(attempt: Attempt, rows: TestRows): SliceRow[] {
      return sorted(expectedRows(rows, attempt.artefact, attempt.id));
    }
  });
}

function receiptOf(attempt: Attempt, output: StagedOutput): (publishing: Publishing) => Receipt {
  return ({ changes }) => newReceipt(attempt, output, changes);
}
