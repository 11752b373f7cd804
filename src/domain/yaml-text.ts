/** Words that YAML readers, of 1.1 too, take for something else than text; and those that job files reserve. */
const NOT_TEXT = /^(?:true|false|null|yes|no|on|off|y|n|nan|none|reject)$/i;
const PLAIN = /^\p{L}[\p{L}\p{N}_-]*(?: [\p{L}\p{N}_-]+)*$/u;

/** A text as a YAML scalar that reads back as that very text: plain where it can be, else double-quoted. */
export function yamlText(text: string): string {
  return PLAIN.test(text) && !NOT_TEXT.test(text) ? text : JSON.stringify(text);
}

/** Texts as a YAML list on one line. */
export function yamlList(texts: readonly string[]): string {
  return `[${texts.map(yamlText).join(', ')}]`;
}
