/** Copies of shared values, and locks for those that have none. */

import { inspect } from 'node:util';
import { arrayOf, type Array as SharedArray } from './array.ts';
import { RawArray } from './raw-array.ts';
import { RawValue } from './raw-value.ts';
import { type LockOptions, lockFor } from './synchronized.ts';
import type { ItemType } from './types.ts';
import { type Value, valueOf } from './value.ts';

/**
 * New shared memory with what is in this one, which shares nothing with it from then on. Of a `Value` or an `Array` copy
 * what `getObj()` gives, with the lock held if somebody may be writing.
 *
 * @throws TypeError if it is neither a `RawValue` nor a `RawArray`
 * @see CPython `multiprocessing.sharedctypes.copy`
 */
export function copy<T extends ItemType>(raw: RawValue<T>): RawValue<T>;
export function copy<T extends ItemType>(raw: RawArray<T>): RawArray<T>;
export function copy(raw: RawValue | RawArray): RawValue | RawArray {
  if (raw instanceof RawValue) return new RawValue(raw.type, raw.value);
  if (raw instanceof RawArray) {
    const copied = new RawArray(raw.type, raw.length);
    copied.view.set(raw.view as never);
    return copied;
  }
  throw wrong(raw);
}

/**
 * The same memory with a lock: an `RLock` of its own, or the one given.
 *
 * @throws TypeError if it is neither a `RawValue` nor a `RawArray`, or if that is no lock of this package
 * @see CPython `multiprocessing.sharedctypes.synchronized`
 */
export function synchronized<T extends ItemType>(raw: RawValue<T>, lock?: LockOptions['lock']): Value<T>;
export function synchronized<T extends ItemType>(
  raw: RawArray<T>,
  lock?: LockOptions['lock'],
): SharedArray<T>;
export function synchronized(raw: RawValue | RawArray, lock?: LockOptions['lock']): Value | SharedArray {
  if (raw instanceof RawValue) return valueOf(raw, lockFor({ lock }, 'synchronized'));
  if (raw instanceof RawArray) return arrayOf(raw, lockFor({ lock }, 'synchronized'));
  throw wrong(raw);
}

function wrong(raw: unknown): TypeError {
  return new TypeError(
    `This is for a RawValue or a RawArray, as getObj() of others gives it; received ${inspect(raw, { depth: 0 })}`,
  );
}
