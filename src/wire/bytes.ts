/**
 * Values as bytes, exactly as `structuredClone` would copy them.
 *
 * v8's serializer is the same code that `structuredClone` runs, so almost everything agrees by itself. Two things
 * do not:
 *
 * - `v8.serialize` writes typed arrays in a format of Node's own: two views of one buffer come apart, and what
 *   `v8.deserialize` returns are windows into the received bytes, which keep a whole frame alive and show
 *   what lies beside them. The plain `Serializer` and `Deserializer` used here write and read them as v8 does: copies.
 *   (They cost the same; a serializer cannot be used twice, since it remembers the objects it has written.)
 * - Node tells `structuredClone`, but not this serializer, which of its classes are more than their properties.
 *   A `Blob` or a `URL` would silently arrive as `{}`. Hence the second look below.
 */

import { inspect, types } from 'node:util';
import { Deserializer, Serializer } from 'node:v8';
import { isKeptByClone, notShareable } from './not-shareable.ts';

/** @throws {NotShareableError} with the path of the first thing that cannot cross. */
export function encodeBytes(value: unknown, what: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    const serializer = new Serializer();
    serializer.writeHeader();
    serializer.writeValue(value);
    bytes = serializer.releaseBuffer();
    // After, not before: what was written is finite and free of proxies, so the walk needs no guards of its own.
    if (!holdsPlatformObject(value)) return bytes;
  } catch (error) {
    throw notShareable(value, what, 'process', error);
  }
  throw notShareable(value, what, 'process');
}

/** Reads what `encodeBytes` wrote. The result shares no memory with `bytes`. */
export function decodeBytes(bytes: Uint8Array): unknown {
  const deserializer = new Deserializer(bytes);
  deserializer.readHeader();
  return deserializer.readValue();
}

/**
 * From this number of objects on, the walk remembers where it has been. Below, following a cycle or a shared part
 * again costs less than the set; it can be lowered to 1 without harm, and then costs about 50 ns an object.
 */
const REMEMBER_FROM = 256;

/** After so many holes an array is read by its keys: `a[1e9] = 1` has one element and a billion holes. */
const TOLERATED_HOLES = 1024;

/** Whether anything in `root` is an object of the platform, which the bytes hold only the properties of. */
function holdsPlatformObject(root: unknown): boolean {
  const pending: object[] = [];
  let seen: Set<object> | undefined;
  let visited = 0;

  const visit = (value: unknown): void => {
    if (typeof value === 'object' && value !== null) pending.push(value);
  };

  visit(root);
  for (let object = pending.pop(); object !== undefined; object = pending.pop()) {
    visited += 1;
    if (visited > REMEMBER_FROM) {
      seen ??= new Set();
      if (seen.has(object)) continue;
      seen.add(object);
    }
    const prototype: unknown = Object.getPrototypeOf(object);
    if (prototype === Object.prototype || prototype === null) {
      visitProperties(object, visit);
    } else if (Array.isArray(object)) {
      visitElements(object, visit);
    } else if (ArrayBuffer.isView(object) || types.isDate(object)) {
      // Nothing inside.
    } else if (types.isMap(object)) {
      Map.prototype.forEach.call(object, (value, key) => {
        visit(key);
        visit(value);
      });
    } else if (types.isSet(object)) {
      Set.prototype.forEach.call(object, visit);
    } else if (types.isRegExp(object) || types.isBoxedPrimitive(object) || types.isAnyArrayBuffer(object)) {
      // Nothing inside.
    } else if (types.isNativeError(object) && !(object instanceof DOMException)) {
      visit(object.cause);
    } else if (!isPlainClass(object, prototype as object)) {
      return true;
    } else {
      // Not `for in`: a class may hold enumerable properties on its prototype, which do not cross.
      for (const key of Object.keys(object)) visit((object as Record<string, unknown>)[key]);
    }
  }
  return false;
}

function visitProperties(object: object, visit: (value: unknown) => void): void {
  // Plain objects and arrays inherit nothing enumerable, and this is much cheaper than asking for their own keys.
  for (const key in object) visit((object as Record<string, unknown>)[key]);
}

function visitElements(array: readonly unknown[], visit: (value: unknown) => void): void {
  if (array.length <= SHORT_ARRAY || !isBare(array)) {
    visitProperties(array, visit);
    return;
  }
  let holes = 0;
  for (let index = 0; index < array.length; index += 1) {
    const element = array[index];
    if (element !== undefined) visit(element);
    else if (!(index in array)) {
      holes += 1;
      if (holes > TOLERATED_HOLES) {
        visitProperties(array, visit);
        return;
      }
    }
  }
}

/** Up to this length reading an array by its keys costs less than asking whether one could do without. */
const SHORT_ARRAY = 32;

/**
 * Whether an array has elements and no named properties (`match.groups`). Its keys would tell, at 60 ns an element;
 * `inspect` skips the elements inside of v8, and answers in a microsecond for arrays of any length.
 */
function isBare(array: readonly unknown[]): boolean {
  const shown = inspect(array, { maxArrayLength: 0, depth: 0, customInspect: false });
  return /^\[ \.\.\. \d+ more items? \]$/.test(shown);
}

const plainClasses = new WeakMap<object, boolean>();

/**
 * Whether instances of a class cross as plain objects with their properties. Asked of the first instance of each
 * class, by cloning it; whether Node marks an object is decided by its constructor, so one answer holds for all.
 */
function isPlainClass(instance: object, prototype: object): boolean {
  const known = plainClasses.get(prototype);
  if (known !== undefined) return known;
  let plain: boolean;
  try {
    plain = !isKeptByClone(instance);
  } catch {
    // Something inside refuses, which need not be the instance itself: no answer to remember.
    return false;
  }
  plainClasses.set(prototype, plain);
  return plain;
}
