/** Looking through values for objects, fast. */

import { inspect, types } from 'node:util';

/** Adds the objects that an array holds, also under names. */
export function pushElements(array: readonly unknown[], pending: unknown[]): void {
  if (array.length <= LONG_ARRAY || !isBare(array) || !pushLong(array, pending)) {
    pushObjects(Object.values(array), pending);
  }
}

/** Adds the objects among `parts`, a list of this library's own. */
export function pushObjects(parts: readonly unknown[], pending: unknown[]): void {
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index];
    if (typeof part === 'object' && part !== null) pending.push(part);
  }
}

/** After so many holes an array is read by its keys: `a[1e9] = 1` has one element and a billion holes. */
const TOLERATED_HOLES = 1024;

const iterate = Array.prototype.values;

/**
 * The same for an array of the user's. Gives up, with `false`, on one that is mostly holes.
 *
 * Not by index: where V8 has seen arrays of numbers and arrays of objects in one place, what it compiles for that place
 * makes the former into the latter, for good, and all that the program does with them is slower afterwards.
 */
function pushLong(array: readonly unknown[], pending: unknown[]): boolean {
  let index = 0;
  let holes = 0;
  for (const part of iterate.call(array) as Iterable<unknown>) {
    if (typeof part === 'object') {
      if (part !== null) pending.push(part);
    } else if (part === undefined && !(index in array)) {
      holes += 1;
      if (holes > TOLERATED_HOLES) return false;
    }
    index += 1;
  }
  return true;
}

/**
 * `Object.values` makes an object of every fraction in an array; from about this length on it pays to avoid
 * that.
 */
const LONG_ARRAY = 256;

/**
 * Whether an array has elements and no named properties, as `match.groups` is one. `inspect` finds them
 * inside of v8, without looking at the elements, and answers in about a microsecond for arrays of any length.
 */
function isBare(array: readonly unknown[]): boolean {
  const shown = inspect(array, { maxArrayLength: 0, depth: 0, customInspect: false });
  return /^\[ \.\.\. \d+ more items? \]$/.test(shown);
}

/** Objects of the language that are written as they are, and hold nothing else. */
export function isOpaque(object: object): boolean {
  return (
    ArrayBuffer.isView(object) ||
    types.isDate(object) ||
    types.isRegExp(object) ||
    types.isBoxedPrimitive(object) ||
    types.isAnyArrayBuffer(object)
  );
}
