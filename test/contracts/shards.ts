import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Reject } from '../../src/domain/columns.js';
import { PredawnError } from '../../src/domain/errors.js';
import { hashKeys } from '../../src/domain/key-hash.js';
import type { Attempt, Publication, Stage, StagedOutput, TargetTable } from '../../src/domain/publication.js';
import type { Receipt } from '../../src/domain/receipt.js';
import type { LockedDate, ShardOutcome, ShardsStage } from '../../src/domain/sharded-publication.js';
import { missingShards, type ShardedAttempt, type ShardPlan } from '../../src/domain/shards.js';
import type { Tally } from '../../src/domain/tally.js';
import { asJson, CHURN, newAttempt, newReceipt, rejectsOf, targetOf } from './attempts.js';
import type { PublicationUnderTest } from './publication.js';
import {
  churnRows,
  expectedRows,
  scoredRows,
  type SliceRow,
  sorted,
  type TestRows,
  withoutAttempt,
} from './scored-rows.js';

export interface ShardsUnderTest extends PublicationUnderTest {
  /** Whether readers find rows in the order of the input: in files, not in a table. */
  readonly ordered: boolean;
  /** Whether rows of the attempt's shards are still kept apart. */
  shardsLeft(attempt: Attempt): Promise<boolean>;
}

const DAY = '2026-11-20';
const ROWS = 10;
const PER_SHARD = 4;
const SHARDS = 3;

/** The contract of `ShardedPublication`: every implementation passes it. `formats` are tried in turn. */
export function describeShards(
  name: string,
  open: () => Promise<ShardsUnderTest>,
  formats: readonly TargetTable['format'][] = ['parquet'],
): void {
  describe.each(formats)(`shards in ${name}, %s`, (format) => {
    let subject: ShardsUnderTest;
    const churn = targetOf(CHURN, { format });
    const never = new AbortController().signal;

    beforeEach(async () => {
      subject = await open();
    });
    afterEach(async () => {
      await subject.cleanup();
    });

    describe('committing and publishing', () => {
      test('from several processes, in any order: the rows of a run in one piece, in its order', async () => {
        const attempt = await plan();
        const another = await subject.anotherPublication();
        expect(await commit(attempt, 2)).toMatchObject({ kind: 'committed' });
        expect(await commit(attempt, 0, {}, another)).toMatchObject({ kind: 'committed' });
        expect(await entry(attempt)).toMatchObject({ status: 'open', shards: { count: 3, committed: 2 } });
        expect(missingShards((await find(attempt))!)).toEqual([1]);
        expect(await commit(attempt, 1)).toMatchObject({ kind: 'committed' });
        expect(await seen()).toEqual([]);

        const receipt = await publish(attempt);
        expect(receipt.changes).toEqual({ inserted: ROWS, updated: 0, deleted: 0 });
        const rows = await subject.readSlice(churn, DAY);
        expect(subject.ordered ? rows : sorted(rows)).toEqual(
          expectedRows(churnRows(ROWS), attempt.artefact, attempt.id),
        );
        expect(await entry(attempt)).toMatchObject({
          status: 'published',
          current: true,
          shards: { count: 3, committed: 3 },
        });
        expect(await subject.shardsLeft(attempt)).toBe(false);
        await another.close();
      });

      test('over an earlier slice, and undone again', async () => {
        const first = newAttempt(DAY, churn);
        await publishWhole(first, churnRows(4));
        const attempt = await plan();
        await commitAll(attempt);
        const receipt = await publish(attempt);
        expect(receipt.changes!.inserted - receipt.changes!.deleted).toBe(ROWS - 4);
        expect(withoutAttempt(await seen())).toEqual(withoutAttempt(expectedOf(attempt, churnRows(ROWS))));
        await restore(first);
        expect(withoutAttempt(await seen())).toEqual(withoutAttempt(expectedOf(first, churnRows(4))));
        await restore(attempt);
        expect(withoutAttempt(await seen())).toEqual(withoutAttempt(expectedOf(attempt, churnRows(ROWS))));
      });

      test('shards without rows, and no rows at all', async () => {
        const some = await plan();
        await commitAll(some, churnRows(PER_SHARD));
        await publish(some);
        expect(await seen()).toEqual(expectedOf(some, churnRows(PER_SHARD)));
        const none = await plan();
        await commitAll(none, churnRows(0));
        await publish(none);
        expect(await seen()).toEqual([]);
      });

      test('rows can be kept unpublished, and flipped to', async () => {
        const attempt = await plan();
        await commitAll(attempt);
        await onDate(async (date) => {
          const sharded = (await date.open())!;
          return date.publish(sharded, async (stage) => {
            const output = await stage.finish();
            return stage.keep(() => newReceipt(attempt, output, undefined, 'staged'));
          });
        });
        expect(await entry(attempt)).toMatchObject({ status: 'staged', rowsKept: true });
        expect(await seen()).toEqual([]);
        expect(await subject.shardsLeft(attempt)).toBe(false);
        await subject.publication.moveSlice({ ...move(attempt), action: 'publish-staged' }, never);
        expect(await seen()).toEqual(expectedOf(attempt, churnRows(ROWS)));
      });

      test('rejects are kept once, in the order of the input', async () => {
        const attempt = await plan();
        const rejects: Reject[] = [
          { line: 2, column: 'tenure', code: 'not_a_number', raw: 'C-1,"x ""y""",Ünïcode 💥' },
          { line: 9, column: undefined, code: 'field_count', raw: "two\nlines,'; drop table" },
          { line: 11, column: 'a,"b"', code: 'missing', raw: '' },
        ];
        await commit(attempt, 2, { rejects: rejects.slice(2) });
        await expect(
          commit(attempt, 0, { rejects: rejects.slice(0, 1), fails: new Error('no') }),
        ).rejects.toThrow('no');
        await commit(attempt, 0, { rejects: rejects.slice(0, 1) });
        await commit(attempt, 0, { rejects: rejects.slice(0, 1) });
        await commit(attempt, 1, { rejects: rejects.slice(1, 2) });
        expect(await rejectsOf(subject.ledger, attempt)).toEqual(rejects);
        await publish(attempt);
        expect(await subject.readRejects(attempt)).toEqual(rejects);
        expect(await rejectsOf(subject.ledger, attempt)).toEqual(rejects);
        expect(await seen()).toEqual(expectedOf(attempt, churnRows(ROWS)));
      });

      test('manifests come back as they were committed', async () => {
        const attempt = await plan();
        await commitAll(attempt);
        const { manifests, plan: planned, status } = (await find(attempt))!;
        expect(status).toBe('open');
        expect(planned).toEqual(asJson(planOf(attempt)));
        expect(manifests).toMatchObject([
          { shard: 0, rows: 4, tally: tallyOf(4) },
          { shard: 1, rows: 4, tally: tallyOf(4) },
          { shard: 2, rows: 2, tally: tallyOf(2) },
        ]);
        expect(new Set(manifests.map(({ digest }) => digest)).size).toBe(3);
      });
    });

    describe('once only', () => {
      test('a shard that is there is not scored again', async () => {
        const attempt = await plan();
        await commit(attempt, 1);
        let worked = false;
        const again = subject.publication.shards.withShard(ref(attempt), 1, never, async () => {
          worked = true;
          return tallyOf(0);
        });
        expect(await again).toEqual({ kind: 'present' });
        expect(worked).toBe(false);
      });

      test('of several that score a shard at once, one commits it', async () => {
        const attempt = await plan();
        const another = await subject.anotherPublication();
        const everyone = barrier(3);
        const racing = [subject.publication, another, subject.publication].map((publication) =>
          commit(attempt, 0, { staged: everyone }, publication),
        );
        const kinds = (await Promise.all(racing)).map(({ kind }) => kind).sort();
        expect(kinds).toEqual(['committed', 'present', 'present']);
        await commit(attempt, 1);
        await commit(attempt, 2);
        await publish(attempt);
        expect(await seen()).toEqual(expectedOf(attempt, churnRows(ROWS)));
        await another.close();
      });

      test('a shard that fails leaves nothing, and can be scored again', async () => {
        const attempt = await plan();
        await expect(commit(attempt, 0, { fails: new Error('no') })).rejects.toThrow('no');
        expect((await find(attempt))!.manifests).toEqual([]);
        await commitAll(attempt);
        await publish(attempt);
        expect(await seen()).toEqual(expectedOf(attempt, churnRows(ROWS)));
      });

      test('an abort commits nothing', async () => {
        const attempt = await plan();
        const controller = new AbortController();
        const reason = new PredawnError('interrupted', 'signal', 'by SIGTERM', { signal: 'SIGTERM' });
        const shard = subject.publication.shards.withShard(ref(attempt), 0, controller.signal, async () => {
          controller.abort(reason);
          controller.signal.throwIfAborted();
          return tallyOf(0);
        });
        await expect(shard).rejects.toBe(reason);
        expect((await find(attempt))!.manifests).toEqual([]);
        await commitAll(attempt);
        await publish(attempt);
      });

      test('is refused while a shard is missing, and names it', async () => {
        const attempt = await plan();
        await commit(attempt, 0);
        await commit(attempt, 2);
        const early = publish(attempt);
        await expect(early).rejects.toMatchObject({ kind: 'unavailable', code: 'shards.missing' });
        await expect(early).rejects.toThrow(/1 of 3 shards .*: 1\./);
        await commit(attempt, 1);
        await publish(attempt);
      });

      test('of several that publish at once, one does', async () => {
        const attempt = await plan();
        await commitAll(attempt);
        const others = [await subject.anotherPublication(), await subject.anotherPublication()];
        const outcomes = await Promise.all(
          [subject.publication, ...others].map((publication) =>
            publish(attempt, publication).then(
              () => 'published',
              (error: unknown) => (error as PredawnError).code,
            ),
          ),
        );
        expect(outcomes.filter((outcome) => outcome === 'published')).toHaveLength(1);
        for (const outcome of outcomes)
          expect(['published', 'lock.held', 'attempt.superseded', 'no open attempt']).toContain(outcome);
        expect(await seen()).toEqual(expectedOf(attempt, churnRows(ROWS)));
        for (const other of others) await other.close();
      });
    });

    describe('what comes too late changes nothing', () => {
      test('a shard of an attempt that is published', async () => {
        const attempt = await plan();
        await commitAll(attempt);
        await publish(attempt);
        expect(await commit(attempt, 0)).toEqual({ kind: 'late', status: 'published' });
        expect(await seen()).toEqual(expectedOf(attempt, churnRows(ROWS)));
      });

      test('one that was begun before that', async () => {
        const attempt = await plan();
        await commit(attempt, 1);
        await commit(attempt, 2);
        const zombie = commit(attempt, 0, {
          staged: async () => {
            await commit(attempt, 0);
            await publish(attempt);
          },
        });
        expect((await zombie).kind).not.toBe('committed');
        expect(await seen()).toEqual(expectedOf(attempt, churnRows(ROWS)));
        await publishWhole(newAttempt(DAY, churn), churnRows(1));
        expect(await subject.shardsLeft(attempt)).toBe(false);
      });

      test('a shard of an attempt that another was planned in place of', async () => {
        const attempt = await plan();
        await commit(attempt, 1);
        const zombie = commit(attempt, 0, {
          staged: async () => {
            await plan();
          },
        });
        expect(await zombie).toEqual({ kind: 'late', status: 'failed' });
        expect(await entry(attempt)).toMatchObject({
          status: 'failed',
          error: { code: 'attempt.superseded' },
        });
        const failing = onDate((date) => date.publish(shardedOf(attempt), publishing(attempt)));
        await expect(failing).rejects.toMatchObject({ kind: 'unavailable', code: 'attempt.superseded' });
      });
    });

    describe('an open attempt', () => {
      test('is found by the next one that holds the date', async () => {
        expect(await onDate((date) => date.open())).toBeUndefined();
        const attempt = await plan();
        await commit(attempt, 1);
        const found = await onDate((date) => date.open());
        expect(found!.plan.attempt).toEqual(asJson(attempt));
        expect(missingShards(found!)).toEqual([0, 2]);
      });

      test('stays open through runs in one piece that publish nothing, and through moves', async () => {
        const first = newAttempt(DAY, churn);
        const second = newAttempt(DAY, churn);
        await publishWhole(first, churnRows(1));
        await publishWhole(second, churnRows(2));
        const attempt = await plan();
        await commit(attempt, 1);
        const failing = subject.publication.withAttempt(newAttempt(DAY, churn), never, async () => {
          throw new Error('no');
        });
        await expect(failing).rejects.toThrow('no');
        const staged = newAttempt(DAY, churn);
        await subject.publication.withAttempt(staged, never, async (stage) => {
          const output = await stageWhole(stage, staged, churnRows(3));
          await stage.keep(() => newReceipt(staged, output, undefined, 'staged'));
        });
        await restore(first);
        await commit(attempt, 0);
        await commit(attempt, 2);
        await publish(attempt);
        expect(withoutAttempt(await seen())).toEqual(withoutAttempt(expectedOf(attempt, churnRows(ROWS))));
      });

      test('ends when a later attempt is published', async () => {
        const attempt = await plan();
        await commitAll(attempt);
        const later = newAttempt(DAY, churn);
        await publishWhole(later, churnRows(2));
        expect(await entry(attempt)).toMatchObject({
          status: 'failed',
          error: { code: 'attempt.superseded' },
        });
        expect(await subject.shardsLeft(attempt)).toBe(false);
        expect(await onDate((date) => date.open())).toBeUndefined();
        expect(await commit(attempt, 0)).toEqual({ kind: 'late', status: 'failed' });
        expect(await seen()).toEqual(expectedOf(later, churnRows(2)));
      });

      test('can be tried again after a failure of the moment, not after one of its data', async () => {
        const attempt = await plan();
        await commitAll(attempt, churnRows(ROWS), [{ line: 2, column: 'tenure', code: 'missing', raw: 'a' }]);
        const fails = (error: Error, unfinished = false) =>
          onDate(async (date) =>
            date.publish((await date.open())!, async (stage) => {
              if (!unfinished) await stage.finish();
              throw error;
            }),
          );
        const full = new PredawnError('unavailable', 'disk.full', 'The disk is full.');
        for (const unfinished of [false, true])
          await expect(fails(full, unfinished)).rejects.toMatchObject({ code: 'disk.full' });
        await expect(fails(new RangeError('a bug'))).rejects.toThrow('a bug');
        expect(await entry(attempt)).toMatchObject({ status: 'open', shards: { committed: 3 } });
        const gate = new PredawnError('data', 'gate.min_rows', 'Too few rows.');
        await expect(fails(gate)).rejects.toMatchObject({ code: 'gate.min_rows' });
        expect(await entry(attempt)).toMatchObject({
          status: 'failed',
          error: { kind: 'data', code: 'gate.min_rows', message: 'Too few rows.' },
        });
        expect(await subject.readRejects(attempt)).toHaveLength(1);
        expect(await subject.shardsLeft(attempt)).toBe(false);
        expect(await seen()).toEqual([]);
      });

      test('can be ended', async () => {
        const attempt = await plan();
        await commit(attempt, 0);
        await onDate(async (date) =>
          date.fail((await date.open())!, new PredawnError('data', 'csv.quote', 'A quote is not closed.')),
        );
        expect(await entry(attempt)).toMatchObject({ status: 'failed', error: { code: 'csv.quote' } });
        expect(await subject.shardsLeft(attempt)).toBe(false);
      });
    });

    describe('the date', () => {
      test('is locked, for runs in one piece too', async () => {
        const another = await subject.anotherPublication();
        await onDate(async () => {
          const held = { kind: 'unavailable', code: 'lock.held' };
          await expect(onDate(async () => 'worked', another)).rejects.toMatchObject(held);
          const whole = another.withAttempt(newAttempt(DAY, churn), never, async () => 'worked');
          await expect(whole).rejects.toMatchObject(held);
        });
        expect(await onDate(async () => 'worked', another)).toBe('worked');
        await another.close();
      });

      test('says what its slice holds, and takes a line for work that was done before', async () => {
        const first = newAttempt(DAY, churn);
        expect(await onDate((date) => date.current(first))).toBeUndefined();
        await publishWhole(first, churnRows(3));
        const again = newAttempt(DAY, churn);
        const receipt = newReceipt(again, undefined, undefined, 'unchanged');
        await onDate(async (date) => {
          expect(await date.current(again)).toMatchObject({ attemptId: first.id });
          await date.unchanged(again, receipt);
        });
        expect(await entry(again)).toMatchObject({ status: 'unchanged', current: false, shards: undefined });
        expect(await entry(first)).toMatchObject({ status: 'published', current: true });
      });

      test('an attempt in one piece has no shards to find', async () => {
        const attempt = newAttempt(DAY, churn);
        expect(await find(attempt)).toBeUndefined();
        await publishWhole(attempt, churnRows(1));
        expect(await find(attempt)).toBeUndefined();
        expect(await entry(attempt)).toMatchObject({ shards: undefined });
      });
    });

    test('keys that several shards have are named, and not published', async () => {
      const attempt = await plan();
      const keys = ['a', 'b', 'c', 'twice', 'd', 'e', 'f', 'g', 'twice', 'h'];
      await commitAll(attempt, { keys: [keys], outputs: [keys.map(() => 0.5), keys.map(() => 'No')] });
      const failing = onDate(async (date) =>
        date.publish((await date.open())!, async (stage) => {
          await stage.finish();
          expect(await stage.duplicateKeys(5)).toEqual(['twice']);
          throw new PredawnError('data', 'gate.duplicate_keys', 'duplicate keys');
        }),
      );
      await expect(failing).rejects.toMatchObject({ code: 'gate.duplicate_keys' });
      expect(await seen()).toEqual([]);
    });

    async function plan(): Promise<Attempt> {
      const attempt = newAttempt(DAY, churn);
      await onDate((date) => date.plan(planOf(attempt)));
      return attempt;
    }

    function onDate<T>(
      work: (date: LockedDate) => Promise<T>,
      publication: Publication = subject.publication,
    ): Promise<T> {
      const { id } = newAttempt(DAY, churn);
      return publication.shards.withDate({ id, job: churn.job, asOf: DAY }, never, work);
    }

    interface Shard {
      readonly rows?: TestRows;
      readonly rejects?: readonly Reject[];
      /** Awaited when the rows are staged. */
      readonly staged?: () => Promise<void>;
      readonly fails?: Error;
    }

    function commit(
      attempt: Attempt,
      shard: number,
      { rows = churnRows(ROWS), rejects = [], staged, fails }: Shard = {},
      publication: Publication = subject.publication,
    ): Promise<ShardOutcome> {
      return publication.shards.withShard(ref(attempt), shard, never, async (stage) => {
        const { encoder: spec, hashKeys: hashing } = publication.shards.encoding(attempt);
        const encoder = await subject.makeEncoder(structuredClone(spec));
        const count = rows.keys[0]!.length;
        const end = Math.min(count, (shard + 1) * PER_SHARD);
        // Two blocks, with the rejects between them.
        for (let from = shard * PER_SHARD; from < end; from += 2) {
          const scored = scoredRows(attempt.target, rows, from, Math.min(end, from + 2));
          await stage.append({
            payload: encoder.encode(scored),
            rows: scored.rows,
            keyHashes: hashing ? hashKeys(scored.keys, scored.rows) : undefined,
          });
          if (from === shard * PER_SHARD && rejects.length > 0) await stage.reject(rejects);
        }
        await staged?.();
        if (fails !== undefined) throw fails;
        return tallyOf(Math.max(0, end - shard * PER_SHARD));
      });
    }

    async function commitAll(
      attempt: Attempt,
      rows: TestRows = churnRows(ROWS),
      rejects: readonly Reject[] = [],
    ): Promise<void> {
      for (let shard = 0; shard < SHARDS; shard++)
        await commit(attempt, shard, { rows, rejects: shard === 0 ? rejects : [] });
    }

    function publish(attempt: Attempt, publication: Publication = subject.publication): Promise<Receipt> {
      return onDate(async (date) => {
        const sharded = await date.open();
        if (sharded === undefined) throw new PredawnError('internal', 'no open attempt', 'published by now');
        return date.publish(sharded, publishing(attempt));
      }, publication);
    }

    function publishWhole(attempt: Attempt, rows: TestRows): Promise<Receipt> {
      return subject.publication.withAttempt(attempt, never, async (stage) => {
        const output = await stageWhole(stage, attempt, rows);
        return stage.publish(({ changes }) => newReceipt(attempt, output, changes));
      });
    }

    async function stageWhole(stage: Stage, attempt: Attempt, rows: TestRows): Promise<StagedOutput> {
      const encoder = await subject.makeEncoder(structuredClone(stage.encoder));
      const scored = scoredRows(attempt.target, rows, 0, rows.keys[0]!.length);
      await stage.append({
        payload: encoder.encode(scored),
        rows: scored.rows,
        keyHashes: stage.hashKeys ? hashKeys(scored.keys, scored.rows) : undefined,
      });
      return stage.finish();
    }

    function restore(attempt: Attempt): Promise<unknown> {
      return subject.publication.moveSlice({ ...move(attempt), action: 'restore' }, never);
    }

    function find(attempt: Attempt): Promise<ShardedAttempt | undefined> {
      return subject.publication.shards.find(ref(attempt));
    }

    function entry(attempt: Attempt): Promise<unknown> {
      return subject.ledger.find(attempt.id);
    }

    async function seen(): Promise<SliceRow[]> {
      return sorted(await subject.readSlice(churn, DAY));
    }
  });
}

function publishing(attempt: Attempt): (stage: ShardsStage) => Promise<Receipt> {
  return async (stage) => {
    const output = await stage.finish();
    expect(output.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await stage.duplicateKeys(5)).toEqual([]);
    return stage.publish(({ changes }) => newReceipt(attempt, output, changes));
  };
}

/** Resolves for everyone when the last of `count` has come. */
function barrier(count: number): () => Promise<void> {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return () => {
    if (--count === 0) open();
    return opened;
  };
}

function ref({ id, job, asOf }: Attempt) {
  return { attemptId: id, job, asOf };
}

function shardedOf(attempt: Attempt): ShardedAttempt {
  return { plan: planOf(attempt), status: 'open', manifests: [] };
}

function planOf(attempt: Attempt): ShardPlan {
  const shards = Array.from({ length: SHARDS }, (_, index) => ({
    from: index * 100,
    to: (index + 1) * 100,
    linesBefore: 1 + index * PER_SHARD,
    bytesBefore: index * 100,
    bytes: 100,
    digest: `sha256:${String(index).repeat(64)}`,
  }));
  const summary = { fingerprint: `sha256:${'c'.repeat(64)}`, bytes: 300, warnings: ['no line end'] };
  return {
    attempt,
    location: 'input.csv',
    input: { summary, shards },
    expectedRows: 9,
    unusedColumns: ['name'],
    versions: { predawn: '0.1.0', onnxruntime: '1.30.0' },
  };
}

function tallyOf(rows: number): Tally {
  return {
    ...{ read: rows, scored: rows, rejected: 0, inexactIntegers: 0 },
    ...{ rejectsByCode: {}, rejectGroups: [], faults: [] },
  };
}

function move({ id, job, asOf }: Attempt) {
  const common = { job, asOf, attemptId: id, by: 'tester', reason: undefined };
  return {
    ...common,
    id: newAttempt(asOf, targetOf(CHURN)).id,
    retain: 3,
    force: true,
    unlessRestored: false,
  };
}

function expectedOf(attempt: Attempt, rows: TestRows): SliceRow[] {
  return sorted(expectedRows(rows, attempt.artefact, attempt.id));
}
