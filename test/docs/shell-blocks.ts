import { readFileSync } from 'node:fs';

/** The commands of one `sh` block, with the heading it stands under. */
export interface ShellBlock {
  readonly heading: string;
  readonly commands: readonly string[];
}

/** Every fenced `sh` block of a Markdown file, in order; comments are cut off. */
export function shellBlocks(file: string): ShellBlock[] {
  return fencedBlocks(file, 'sh').map(({ heading, lines }) => ({
    heading,
    commands: lines.map((line) => line.replace(/\s+#.*$/, '').trim()).filter((command) => command !== ''),
  }));
}

/** Every fenced block of one language in a Markdown file, with the heading it stands under. */
export function fencedBlocks(file: string, language: string): { heading: string; lines: string[] }[] {
  const blocks: { heading: string; lines: string[] }[] = [];
  let heading = '';
  let open: string[] | undefined;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (open === undefined) {
      if (line.startsWith('#')) heading = line.replace(/^#+ /, '');
      if (line === `\`\`\`${language}`) open = [];
    } else if (line === '```') {
      blocks.push({ heading, lines: open });
      open = undefined;
    } else {
      open.push(line);
    }
  }
  return blocks;
}
