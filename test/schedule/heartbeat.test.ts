import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { keepBeating } from '../../src/schedule/heartbeat.js';

beforeEach(() => vi.useFakeTimers({ now: new Date('2026-11-25T06:00:30Z') }));
afterEach(() => vi.useRealTimers());

it('beats at once, then at every full minute, and stops when it is told to', async () => {
  const abort = new AbortController();
  const beats: string[] = [];
  const done = keepBeating(() => {
    beats.push(new Date().toISOString().slice(11, 19));
    return Promise.resolve();
  }, abort.signal);
  await vi.dynamicImportSettled();
  await vi.advanceTimersByTimeAsync(150_000);
  expect(beats).toEqual(['06:00:30', '06:01:00', '06:02:00', '06:03:00']);
  abort.abort();
  await done;
  await vi.advanceTimersByTimeAsync(300_000);
  expect(beats).toHaveLength(4);
});

it('beats soon after a host that slept wakes up', async () => {
  const abort = new AbortController();
  let beats = 0;
  const done = keepBeating(() => {
    beats++;
    return Promise.resolve();
  }, abort.signal);
  await vi.dynamicImportSettled();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(beats).toBe(2);
  vi.setSystemTime(new Date('2026-11-25T14:10:10Z'));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(beats).toBeGreaterThan(2);
  abort.abort();
  await done;
});

it('ends with what a beat throws, the first or a later one', async () => {
  const signal = new AbortController().signal;
  await expect(keepBeating(() => Promise.reject(new Error('first')), signal)).rejects.toThrow('first');
  let beats = 0;
  const later = keepBeating(
    () => (beats++ === 0 ? Promise.resolve() : Promise.reject(new Error('later'))),
    signal,
  );
  await vi.dynamicImportSettled();
  const failed = expect(later).rejects.toThrow('later');
  await vi.advanceTimersByTimeAsync(60_000);
  await failed;
});
