const PLACEHOLDER = /\$\{([^}]*)\}?/g;
const CONTENT = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

/** Environment variables, as `process.env` holds them. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Fills in `${VARIABLE}` and `${VARIABLE:-default}`; an empty variable counts as unset. Values are not looked at
 * again for placeholders, and appear in no complaint.
 *
 * @param complain called for every placeholder that can't be filled in, with what is wrong and what to do
 * @returns undefined after a complaint
 */
export function fillVariables(
  text: string,
  variables: Variables,
  complain: (message: string, hint: string) => void,
): string | undefined {
  const failed: string[] = [];
  const filled = text.replace(PLACEHOLDER, (placeholder, content: string) => {
    const [, name, fallback] = (placeholder.endsWith('}') ? CONTENT.exec(content) : null) ?? [];
    const value = name === undefined ? undefined : variables[name] || fallback;
    if (value !== undefined && value !== '') return value;
    failed.push(placeholder);
    if (name === undefined) {
      complain('has a "${" that begins no variable.', 'Write ${VARIABLE} or ${VARIABLE:-default}.');
    } else {
      complain(
        `needs the environment variable ${name}, which is not set.`,
        `Set ${name}, or write a default: \${${name}:-default}.`,
      );
    }
    return '';
  });
  return failed.length === 0 ? filled : undefined;
}
