import type { GateReport } from '../../../domain/gate.js';
import type { CommandContext } from '../../context.js';
import { type CommonOptions, useColors } from '../../print.js';
import { renderGate } from '../../render-gate.js';

/** The report of a gate that failed, on stdout; with `--json` the error has it. */
export function printFailedGate(report: GateReport, options: CommonOptions, context: CommandContext): void {
  if (options.json === true || options.quiet === true) return;
  context.stdout.write(`${renderGate(report, useColors(context.stdout, context.variables))}\n`);
}
