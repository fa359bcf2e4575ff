/**
 * The lists of keys that objects had before, on the reading side: each with a function that makes such an
 * object.
 */

import { MOST_KEYS } from './format.ts';

/** What makes objects with one list of keys. The values are read in the order of the keys. */
export type Make = (source: ValueSource) => object;

export interface ValueSource {
  /** The next value. */
  value(): unknown;
}

interface Shape {
  /** The text that told the keys. */
  readonly text: Int32Array;
  make: Make;
  readonly keys: readonly string[];
  uses: number;
}

/**
 * After so many objects a function is compiled for them, which takes as long as reading about a hundred
 * without it.
 */
const WORTH_COMPILING = 32;

/** How many lists are kept; beyond it, all are forgotten, and those still in use come back. */
const MOST_SHAPES = 1024;

/** In words. Longer ones would fill the memory; the writer makes none that are much longer. */
const LONGEST_TEXT = 1024;

const shapes = new Map<number, Shape>();

/**
 * What makes objects with the keys in `words[start, end)`. A hash finds the list, but is not trusted: it
 * comes from the other side, like the keys themselves, and two lists can have the same.
 *
 * @throws {TypeError} or {SyntaxError} when the words are not the text of `count` keys.
 */
export function makerOf(
  memory: { readonly words: Int32Array; readonly bytes: Buffer },
  start: number,
  end: number,
  hash: number,
  count: number,
): Make {
  const { words } = memory;
  const known = shapes.get(hash);
  if (known !== undefined && sameWords(known.text, words, start, end)) {
    if (known.keys.length !== count) throw new TypeError(`${known.keys.length} keys are said to be ${count}`);
    if (known.uses < WORTH_COMPILING) {
      known.uses += 1;
      if (known.uses === WORTH_COMPILING) known.make = compiled(known.keys) ?? known.make;
    }
    return known.make;
  }
  // A copy: what is compared, parsed and remembered must be the same, even if the memory changes meanwhile.
  const text = words.slice(start, end);
  const keys: unknown = JSON.parse(Buffer.from(text.buffer, 0, text.byteLength).toString('utf8'));
  if (!Array.isArray(keys) || keys.length !== count || !keys.every((key) => typeof key === 'string')) {
    throw new TypeError(`${count} keys of an object are not a list of as many strings`);
  }
  const make = interpreted(keys);
  if (known === undefined && count <= MOST_KEYS && text.length <= LONGEST_TEXT) {
    if (shapes.size === MOST_SHAPES) shapes.clear();
    shapes.set(hash, { text, keys, make, uses: 0 });
  }
  return make;
}

function sameWords(text: Int32Array, words: Int32Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let at = 0; at < text.length; at += 1) if (text[at] !== words[start + at]) return false;
  return true;
}

function interpreted(keys: readonly string[]): Make {
  return (source) => {
    const object: Record<string, unknown> = {};
    for (const key of keys) put(object, key, source.value());
    return object;
  };
}

/** Adds an own property. Where one is inherited, an assignment might call a setter, or throw. */
export function put(object: Record<string, unknown>, key: string, value: unknown): void {
  if (!(key in Object.prototype)) object[key] = value;
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/**
 * An object literal, of which V8 knows from the beginning which properties there will be. Where code must not
 * be made from strings (`--disallow-code-generation-from-strings`), there is none.
 */
function compiled(keys: readonly string[]): Make | undefined {
  // In brackets "__proto__" is a key like any other; but V8 makes an object of such parts more slowly.
  const named = (key: string): string => (key === '__proto__' ? `['${key}']` : JSON.stringify(key));
  const parts = keys.map((key) => `${named(key)}: source.value()`);
  try {
    return new Function('source', `return { ${parts.join(', ')} };`) as Make;
  } catch {
    return undefined;
  }
}
