/** Words that a planted secret is made of: whatever is made of the secret has one of them, or an encoding of it. */
export const PLANTED = ['pl4nted', 'S3cretW0rd', 't0k3nValue'] as const;

/** A password with what has to be percent-encoded in a URL; and a token as it stands in a path or a header. */
export const PASSWORD = 'pl4nted/S3cretW0rd@%#:';
export const TOKEN = 't0k3nValue-4711';

/** Every text that shows that a secret is in there: plain, by its percent-codes, in hexadecimal, in base64. */
const SIGNS: readonly string[] = PLANTED.flatMap((word) => [
  word,
  Buffer.from(word).toString('hex'),
  ...base64Parts(word),
]);

/** What a word gives in base64 wherever in a text it stands: the characters that are made of it alone. */
function base64Parts(word: string): string[] {
  return [0, 1, 2].map((before) => {
    const whole = Buffer.from('x'.repeat(before) + word)
      .toString('base64')
      .replace(/=+$/, '');
    const firstOwn = Math.ceil((before * 8) / 6);
    const lastOwn = Math.floor(((before + word.length) * 8) / 6);
    return whole.slice(firstOwn, lastOwn);
  });
}

/** The signs of a planted secret in a text, each with what stands around it. */
export function leaksIn(text: string): string[] {
  const plain = text.toLowerCase();
  return SIGNS.flatMap((sign) => {
    // Base64 has a case that counts; everything else may have been folded.
    const at =
      /^[a-z]/i.test(sign) && PLANTED.includes(sign as 'pl4nted')
        ? plain.indexOf(sign.toLowerCase())
        : text.indexOf(sign);
    return at === -1 ? [] : [text.slice(Math.max(0, at - 60), at + 60)];
  });
}
