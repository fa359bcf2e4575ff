/** Results and errors of a user's function: whether two are the same, and how to name them in a sentence. */

import { isDeepStrictEqual } from 'node:util';

/** What cannot be copied has no value that could be another. */
export function differ(a: unknown, b: unknown): boolean {
  if (isDeepStrictEqual(a, b)) return false;
  try {
    return !isDeepStrictEqual(structuredClone(a), structuredClone(b));
  } catch {
    return false;
  }
}

export function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : show(error);
}

/** In a sentence. */
export function show(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : Object.prototype.toString.call(value);
  const simple =
    typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined;
  const shown = simple ? String(value) : text;
  return shown.length > 60 ? `${shown.slice(0, 57)}...` : shown;
}
