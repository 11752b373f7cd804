/** Whether a text is a URL that a request can go to. */
export function isHttpUrl(text: string): boolean {
  return /^https?:\/\/./i.test(text) && URL.canParse(text);
}

/** As RFC 9110 has names, and Node.js sends values. */
export function isHeader(name: string, value: string): boolean {
  return /^[!#$%&'*+.^_`|~\w-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}
