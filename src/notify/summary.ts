import { isPublished, secondsOf, type Ended } from './told.js';

/** `churn 2026-11-21 (production)`. */
export function runLabel({ run, asOf }: Pick<Ended, 'run' | 'asOf'>): string {
  return `${run.job}${asOf === undefined ? '' : ` ${asOf}`} (${run.environment})`;
}

/** How a run ended, in one line. */
export function headline(ended: Ended): string {
  const { exitCode, receipt } = ended;
  const label = runLabel(ended);
  if (receipt === undefined) return `${label} failed with exit code ${exitCode}`;
  const what = receipt.outcome === 'unchanged' ? 'was published already' : `is ${receipt.outcome}`;
  return exitCode === 0 ? `${label} ${what}` : `${label} ${what}, with exit code ${exitCode}`;
}

/** Error, hint and every problem; or the figures. The page that a person would read in cron's mail. */
export function details(ended: Ended): string[] {
  const { error, receipt } = ended;
  const lines: string[] = [];
  if (error !== undefined) {
    lines.push(error.message);
    for (const problem of error.problems)
      lines.push(`• ${problem.message}${problem.hint === undefined ? '' : ` ${problem.hint}`}`);
    if (error.hint !== undefined) lines.push(`Hint: ${error.hint}`);
  }
  if (receipt !== undefined) {
    const { rows, artefact } = receipt;
    lines.push(
      `${rows.scored} rows scored, ${rows.rejected} rejected, by ${artefact.name}@${artefact.version}, in ${secondsOf(ended).toFixed(1)} s`,
      ...receipt.warnings.map((warning) => `Warning: ${warning}`),
    );
  }
  if (isPublished(ended) && receipt!.output.location !== undefined) lines.push(receipt!.output.location);
  return lines;
}

/** Cut to at most so many UTF-16 units, where a receiver takes no more. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  // Not between the two halves of one character.
  return `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
