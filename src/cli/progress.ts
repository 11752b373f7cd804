import type { RunEvent } from '../domain/run-events.js';
import type { TextStream } from './context.js';

/** What a person who waits need not know. */
const UNSEEN = ['dated', 'described', 'stage done', 'gate'] as const;
type SeenEvent = Exclude<RunEvent, { kind: (typeof UNSEEN)[number] }>;

const REDRAW_MILLISECONDS = 100;

/** One line on a terminal that grows with the run and leaves nothing behind. */
export function startProgress(stream: TextStream, label: string, now: () => Date) {
  const started = now().getTime();
  let drawn = 0;
  let expectedBytes: number | undefined;

  return {
    onEvent(event: RunEvent): void {
      if (!isSeen(event)) return;
      if (event.kind === 'started') expectedBytes = event.expectedBytes;
      const time = now().getTime();
      if (event.kind === 'scored' && time - drawn < REDRAW_MILLISECONDS) return;
      drawn = time;
      draw(text(event, (time - started) / 1000));
    },
    stop: () => draw(''),
  };

  function text(event: SeenEvent, seconds: number): string {
    if (event.kind === 'waiting') return `${label}: waiting until ${event.until}: ${event.reason}`;
    if (event.kind === 'started') return `${label}: opening ${event.artefact}`;
    if (event.kind === 'canary failed')
      return `${label}: the canary ${event.candidate} failed; once more without it`;
    if (event.kind === 'canary advanced') return `${label}: the canary ${event.candidate} advances`;
    if (event.kind === 'publishing') return `${label}: publishing ${event.rows.toLocaleString('en-US')} rows`;
    if ('missing' in event)
      return `${label}: ${event.kind}, ${event.missing.length} of ${event.shards} shards to score`;
    if (event.kind === 'shard') return `${label}: shard ${event.shard} ${event.outcome}`;
    const share =
      expectedBytes === undefined ? '' : ` ${Math.min(99, Math.floor((100 * event.bytes) / expectedBytes))}%`;
    const rate = Math.round(event.rows / Math.max(seconds, 0.001));
    const rejected = event.rejected === 0 ? '' : `, ${event.rejected.toLocaleString('en-US')} rejected`;
    return `${label}:${share} ${event.rows.toLocaleString('en-US')} rows scored${rejected}, ${rate.toLocaleString('en-US')} rows/s`;
  }

  function draw(line: string): void {
    stream.write(`\r\u001b[2K${line.slice(0, (stream.columns ?? 80) - 1)}`);
  }
}

function isSeen(event: RunEvent): event is SeenEvent {
  return !UNSEEN.some((kind) => kind === event.kind);
}
