import type { ModelInput, ModelOutput } from '../domain/model.js';
import type { Manifest } from '../domain/registry.js';
import { toleranceText } from '../domain/score-difference.js';
import { renderTable } from './render-table.js';

/** A version as a person reads it: what it takes, what it gives, where it came from. */
export function manifestText(manifest: Manifest, colors: boolean, liveIn: readonly string[] = []): string {
  const { inputs, outputs } = manifest.signature;
  const facts = [
    `${manifest.name}@${manifest.version}  sha256:${manifest.files['model.onnx']?.sha256 ?? '?'}`,
    liveIn.length > 0 ? `live in ${liveIn.join(', ')}` : undefined,
    `made by ${manifest.producer}, checked with ${manifest.runtime}, added ${manifest.addedAt} by ${manifest.addedBy}`,
    ...manifest.changes.map(
      ({ what, originalSha256 }) => `changed: ${what} (original sha256:${originalSha256})`,
    ),
    goldenText(manifest),
    profileText(manifest),
    manifest.training === undefined ? undefined : `training: ${JSON.stringify(manifest.training)}`,
    manifest.note === undefined ? undefined : `note: ${manifest.note}`,
  ].filter((line) => line !== undefined);
  return [
    ...facts.map((line) => `  ${line}\n`),
    '\n',
    indent(renderTable(['input', 'type', 'shape'], inputs.map(inputRow), colors)),
    '\n',
    indent(renderTable(['output', 'role', 'type', 'values'], outputs.map(outputRow), colors)),
  ].join('');
}

function goldenText({ golden, runtime }: Manifest): string {
  if (golden === undefined) return 'unverified: it has no golden rows';
  const { rows, expectedFrom, recorded = [], tolerance } = golden;
  const rest = recorded.length === 0 ? '' : ` (but ${recorded.join(', ')} as ${runtime} gave it)`;
  const expected = expectedFrom === 'given' ? `given outputs${rest}` : `what ${runtime} gave`;
  return `verified with ${rows} golden rows against ${expected}, within ${toleranceText(tolerance)}`;
}

function profileText({ profile }: Manifest): string {
  if (profile === undefined) return 'without a profile: gates can compare no score or feature with it';
  const of = profile.from === 'golden' ? 'golden rows' : 'rows of a sample';
  return `profile: how scores and features are distributed in ${profile.rows.toLocaleString('en-US')} ${of}`;
}

function inputRow({ name, type, shape }: ModelInput): string[] {
  return [name, type, `[${shape.map((dimension) => dimension ?? 'N').join(', ')}]`];
}

function outputRow({ name, role, type, width, classes }: ModelOutput): string[] {
  return [name, role, type, classes === undefined ? `${width} a row` : classes.join(', ')];
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}
