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

const at = Array.prototype.at;

/**
 * `array[index]`, for arrays of users.
 *
 * Where V8 has seen arrays of numbers and arrays of objects in one place, what it compiles for `array[index]` there makes the
 * former into the latter, for good, and all that the program does with them is slower afterwards. `at` leaves them as they
 * are, for 2 ns an element; an iterator takes three times as long.
 */
export function elementOf(array: readonly unknown[], index: number): unknown {
  return at.call(array, index);
}

/** The same as `pushElements`. Gives up, with `false`, on an array that is mostly holes. */
function pushLong(array: readonly unknown[], pending: unknown[]): boolean {
  let holes = 0;
  for (let index = 0; index < array.length; index += 1) {
    const part = elementOf(array, index);
    if (typeof part === 'object') {
      if (part !== null) pending.push(part);
    } else if (part === undefined && !Object.hasOwn(array, index)) {
      holes += 1;
      if (holes > TOLERATED_HOLES) return false;
    }
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
export function isBare(array: readonly unknown[]): boolean {
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
