import type { SliceComparison } from '../domain/comparison.js';
import type { PublishedSlice } from '../domain/publication.js';
import type { Receipt, RunComparison, RuntimeVersions } from '../domain/receipt.js';

/** What a run would change, and which of input, artefact, job file and runtime are not what the slice's were. */
export function explainDifferences(
  receipt: Receipt,
  slice: PublishedSlice | undefined,
  comparison: SliceComparison | undefined,
): RunComparison {
  if (slice === undefined || comparison === undefined) {
    return { slice_attempt_id: undefined, identical: false, causes: [], rows: undefined, columns: [] };
  }
  const { onlyStaged, onlySlice, changed } = comparison;
  return {
    slice_attempt_id: slice.attemptId,
    identical: onlyStaged === 0 && onlySlice === 0 && changed === 0,
    causes: causes(slice.receipt, receipt),
    rows: {
      new: comparison.staged,
      slice: comparison.slice,
      only_new: onlyStaged,
      only_slice: onlySlice,
      changed,
    },
    columns: comparison.columns,
  };
}

function causes(was: Receipt, is: Receipt): RunComparison['causes'] {
  const pairs: RunComparison['causes'] = [
    {
      what: 'input',
      was: inputText(was),
      is: inputText(is),
    },
    { what: 'artefact', was: artefactText(was), is: artefactText(is) },
    { what: 'job file', was: was.job_file.digest, is: is.job_file.digest },
    ...runtimes(was.versions, is.versions),
  ];
  return pairs.filter((pair) => pair.was !== pair.is);
}

/** Of the content: where it lies does not change a score. */
function inputText({ input }: Receipt): string {
  return input.fingerprint ?? 'unknown';
}

function artefactText({ artefact }: Receipt): string {
  return `${artefact.name}@${artefact.version} ${artefact.digest}`;
}

/** What one of both receipts does not say can't be compared. */
function runtimes(was: RuntimeVersions, is: RuntimeVersions): RunComparison['causes'] {
  const names = ['predawn', 'node', 'onnxruntime', 'platform', 'cpu'] as const;
  return names.flatMap((name) => {
    const [before, now] = [was[name], is[name]];
    if (before === undefined || now === undefined) return [];
    return [{ what: 'runtime' as const, was: `${name} ${before}`, is: `${name} ${now}` }];
  });
}
