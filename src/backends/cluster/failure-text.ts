/**
 * A failure as BullMQ keeps it: one text, which its own tools show to people, and which a producer makes an error of.
 *
 *   RangeError: sold out
 *   b/w9vIg...              the error as it was thrown, see `values.ts`
 */

const LONGEST_SUMMARY = 300;

/** A thrown value in a line, for people. */
export function summaryOf(thrown: unknown): string {
  try {
    return String(thrown).slice(0, LONGEST_SUMMARY);
  } catch {
    return 'a value that cannot be shown';
  }
}

export function failureText(summary: string, packed: string): string {
  return `${summary.replaceAll('\n', ' ')}\n${packed}`;
}

/** The packed error; `undefined` for a failure that no worker of ours has written. */
export function packedIn(text: string): string | undefined {
  const at = text.lastIndexOf('\n');
  const packed = text.slice(at + 1);
  return at >= 0 && /^[jb]/.test(packed) ? packed : undefined;
}
