export interface Instruction {
  /** In capitals: `FROM`, `RUN`, … */
  readonly name: string;
  /** The rest, continued lines joined as Docker does. */
  readonly text: string;
}

/** The instructions of a Dockerfile, stage by stage; each stage begins with its `FROM`. */
export function dockerfileStages(dockerfile: string): Instruction[][] {
  const stages: Instruction[][] = [];
  const logical = dockerfile.replace(/^\s*#.*\n/gm, '').replace(/\\\n/g, '');
  for (const line of logical.split('\n').filter((each) => each.trim() !== '')) {
    const [, name = '', text = ''] = /^(\S+)\s+(.*)$/.exec(line)!;
    if (name === 'FROM') stages.push([]);
    stages.at(-1)!.push({ name, text });
  }
  return stages;
}

/** What one kind of instruction says in a stage, in order. */
export function textsOf(stage: readonly Instruction[], name: string): string[] {
  return stage.filter((instruction) => instruction.name === name).map(({ text }) => text);
}

/** What the `COPY` instructions of a stage take out of the build context. */
export function contextSources(stage: readonly Instruction[]): string[] {
  return textsOf(stage, 'COPY')
    .filter((text) => !text.startsWith('--from='))
    .flatMap((text) => text.split(/\s+/).slice(0, -1))
    .map((source) => source.replace(/^\.\//, ''));
}
