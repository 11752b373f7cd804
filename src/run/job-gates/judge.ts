import { PredawnError } from '../../domain/errors.js';
import type { GateResult } from '../../domain/job-gates.js';
import { checks } from './checks.js';
import { constantScores } from './constant-scores.js';
import type { Finding, GateFacts } from './finding.js';
import { missingValues } from './missing.js';
import { rowCount } from './row-count.js';
import { shift } from './shift.js';
import { unknownCategories } from './unknown-categories.js';

export interface JudgedGates {
  readonly results: readonly GateResult[];
  /** Gates that did not hold, whatever came of that. */
  readonly failed: readonly string[];
  /** Of kind `data`, code `gate.<name>`. */
  readonly blocked: readonly PredawnError[];
}

/** Holds the tally against the gates of the job file. */
export function judgeJobGates(facts: GateFacts): JudgedGates {
  const results: GateResult[] = [];
  const blocked: PredawnError[] = [];
  const failed: string[] = [];
  for (const finding of findings(facts)) {
    const { gate, action, found, mayBlock, detail } = finding;
    if (found === 'failed') failed.push(gate);
    if (found !== 'failed') results.push({ gate, status: found, detail });
    else if (action === 'warn' || !mayBlock) results.push({ gate, status: 'warned', detail });
    else if (facts.accept?.gates.includes(gate) === true) {
      const accepted = { by: facts.by, reason: facts.accept.reason };
      results.push({ gate, status: 'accepted', detail, accepted });
    } else blocked.push(blocks(facts, finding));
  }
  return { results, blocked, failed };
}

function findings(facts: GateFacts): Finding[] {
  return [
    ...rowCount(facts),
    ...constantScores(facts),
    ...missingValues(facts),
    ...unknownCategories(facts),
    ...shift('score_shift', facts),
    ...shift('feature_shift', facts),
    ...checks(facts),
  ];
}

function blocks({ job, asOf }: GateFacts, { gate, detail }: Finding): PredawnError {
  const isCheck = Object.hasOwn(job.gates?.checks ?? {}, gate);
  const setting = isCheck ? `gates.checks.${gate}.action` : `gates.${gate}.action`;
  const look = isCheck || gate === 'unknown_categories' ? 'predawn rejects shows such rows. ' : '';
  return new PredawnError('data', `gate.${gate}`, `${gate}: ${detail}.`, {
    hint: `${look}If that is right: predawn run ${job.name} --date ${asOf} --accept ${gate} --reason TEXT. To be warned instead, set ${setting} to warn in ${job.path}.`,
  });
}

/** What a receipt warns of. */
export function gateWarnings(results: readonly GateResult[]): string[] {
  return results.flatMap(({ gate, status, detail, accepted }) => {
    if (status === 'warned') return [`${gate}: ${detail}`];
    if (accepted === undefined) return [];
    return [`${gate} accepted by ${accepted.by} (${accepted.reason}): ${detail}`];
  });
}
