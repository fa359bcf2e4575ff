/** Copying lists of numbers. Each answers whether all were of its kind; if not, some may have been written. */

import { elementOf } from '../parts.ts';

/** Integers of 32 bits; -0 is none. */
export function copyIntegers(list: readonly unknown[], words: Int32Array, first: number): boolean {
  for (let index = 0; index < list.length; index += 1) {
    const value = elementOf(list, index);
    if (typeof value !== 'number' || (value | 0) !== value) return false;
    if (value === 0 && 1 / value < 0) return false;
    words[first + index] = value;
  }
  return true;
}

/** Not `doubles.set(list)`: to shared memory, V8 takes ten times as long for it. */
export function copyDoubles(list: readonly unknown[], doubles: Float64Array, first: number): boolean {
  for (let index = 0; index < list.length; index += 1) {
    const value = elementOf(list, index);
    if (typeof value !== 'number') return false;
    doubles[first + index] = value;
  }
  return true;
}
