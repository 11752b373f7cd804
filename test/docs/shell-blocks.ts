import { readFileSync } from 'node:fs';

/** The commands of one `sh` block, with the heading it stands under. */
export interface ShellBlock {
  readonly heading: string;
  readonly commands: readonly string[];
}

/** Every fenced `sh` block of a Markdown file, in order; comments are cut off. */
export function shellBlocks(file: string): ShellBlock[] {
  const blocks: ShellBlock[] = [];
  let heading = '';
  let commands: string[] | undefined;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (commands === undefined) {
      if (line.startsWith('#')) heading = line.replace(/^#+ /, '');
      if (line === '```sh') commands = [];
    } else if (line === '```') {
      blocks.push({ heading, commands });
      commands = undefined;
    } else {
      const command = line.replace(/\s+#.*$/, '').trim();
      if (command !== '') commands.push(command);
    }
  }
  return blocks;
}
