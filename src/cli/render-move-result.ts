import pc from 'picocolors';
import type { MoveResult } from '../domain/slice-move.js';

/** What a move did to one slice, as a person reads it. */
export function renderMoveResult(
  job: string,
  asOf: string,
  { outcome, attempt, replaced, changes }: MoveResult,
  done: 'restored' | 'published',
  colors: boolean,
): string {
  const { bold, green, dim } = pc.createColors(colors);
  const moved = outcome === 'moved';
  const heading = `${moved ? green('✓') : dim('•')} ${bold(`${job} ${asOf}`)} ${moved ? done : 'is that attempt’s already; nothing to do'}`;
  const rows = [
    ['attempt', `${attempt.attemptId}  ${attempt.artefact}`],
    ['in place of', replaced === undefined ? undefined : `${replaced.attemptId}  ${replaced.artefact}`],
    ['changes', moved ? changesText(changes) : undefined],
  ];
  const lines = rows.flatMap(([label, value]) =>
    value === undefined ? [] : [`  ${dim(label!.padEnd(12))} ${value}`],
  );
  return `${heading}\n\n${lines.join('\n')}\n`;
}

export function changesText({ inserted, updated, deleted }: MoveResult['changes']): string {
  const grouped = (value: number) => value.toLocaleString('en-US');
  return `${grouped(inserted)} inserted, ${grouped(updated)} updated, ${grouped(deleted)} deleted`;
}
