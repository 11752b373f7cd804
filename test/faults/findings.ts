/** What must never happen: a run of faults counts it, and each count must be zero. */
export const WRONGS = [
  'bad reads',
  'slices with lost, duplicated or mixed rows',
  'wrong exit codes or messages',
  'ledger and table disagree',
  'next runs that needed help',
  'things left over',
  'faults that did not happen',
] as const;

export type Wrong = (typeof WRONGS)[number];

/** The account of a run of faults, by destination. */
export class Findings {
  readonly #faults = new Map<string, Map<string, number>>();
  readonly #cases = new Map<string, number>();
  readonly #reads = new Map<string, number>();
  readonly #wrong = new Map<string, number>();
  readonly #skipped: string[] = [];
  /** What went wrong, in words. */
  readonly problems: string[] = [];

  /** `onProblem` is told of each as it comes up. */
  constructor(private readonly onProblem: (problem: string) => void = () => undefined) {}

  countFault(destination: string, kind: string, times = 1): void {
    const of = this.#faults.get(kind) ?? new Map<string, number>();
    this.#faults.set(kind, of);
    add(of, destination, times);
  }

  countCase(destination: string): void {
    add(this.#cases, destination, 1);
  }

  countReads(destination: string, reads: number): void {
    add(this.#reads, destination, reads);
  }

  wrong(destination: string, what: Wrong, detail: string): void {
    add(this.#wrong, `${destination} ${what}`, 1);
    const problem = `${destination}: ${what}: ${detail}`;
    this.problems.push(problem);
    this.onProblem(problem);
  }

  skip(what: string, reason: string): void {
    this.#skipped.push(`${what}: ${reason}`);
  }

  /** Markdown: the faults by kind, then cases, reads, and what must be zero. */
  table(destinations: readonly string[]): string {
    const row = (name: string, counts: (destination: string) => number) => [
      name,
      ...destinations.map((destination) => counts(destination).toLocaleString('en-US')),
    ];
    const sum = (destination: string) =>
      [...this.#faults.values()].reduce((total, of) => total + (of.get(destination) ?? 0), 0);
    const lines = [
      ['', ...destinations],
      ...[...this.#faults].map(([kind, of]) => row(kind, (destination) => of.get(destination) ?? 0)),
      row('**faults**', sum),
      row('cases', (destination) => this.#cases.get(destination) ?? 0),
      row('reads meanwhile', (destination) => this.#reads.get(destination) ?? 0),
      ...WRONGS.map((what) =>
        row(`**${what}**`, (destination) => this.#wrong.get(`${destination} ${what}`) ?? 0),
      ),
    ];
    lines.splice(1, 0, ['---', ...destinations.map(() => '---:')]);
    const skipped = this.#skipped.map((each) => `\nSkipped: ${each}`).join('');
    return `${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n${skipped}`;
  }
}

function add(counts: Map<string, number>, key: string, times: number): void {
  counts.set(key, (counts.get(key) ?? 0) + times);
}
