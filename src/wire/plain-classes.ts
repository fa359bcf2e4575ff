/**
 * Which classes are no more than their properties.
 *
 * A clone makes plain objects of the instances of most classes, and keeps those of some classes of the
 * platform: a `Blob` stays a `Blob`. Node marks the latter in a place that scripts cannot see, and only
 * `structuredClone` looks there; v8's own serializer does not. So the question is put to `structuredClone`,
 * once for each class: whether an object is marked is decided by its constructor, and one answer holds for
 * all instances. To ask for each instance would copy a linked structure of n instances n times.
 */

import { isShareable } from './shareable.ts';

const plain = new WeakSet<object>();

/** Whether instances with this prototype are known to cross as plain objects. */
export function isKnownPlain(prototype: object | null): boolean {
  return prototype === null || prototype === Object.prototype || plain.has(prototype);
}

/**
 * Whether a clone makes a plain object of `instance`. Throws what `structuredClone` throws; that may be about
 * the instance or about anything in it, and is not remembered.
 */
export function crossesAsPlainObject(instance: object): boolean {
  const prototype = Object.getPrototypeOf(instance) as object | null;
  if (isKnownPlain(prototype)) return true;
  // Node 20 clones this one to `{}`, later versions keep it. To lose an error is the worse of the two.
  if (isDOMException(instance)) return false;
  // A clone would not mind, and make an empty object of it.
  if (isShareable(instance)) return false;
  let copy: object;
  try {
    copy = structuredClone(instance);
  } catch (error) {
    // v8 of Node 20 cannot read an error that is part of its own cause, and whether it is depends on where one
    // begins: the whole value may cross where this part alone does not. It could be written, and no object
    // of the platform holds such an error.
    if (error instanceof Error && error.message.startsWith('Unable to deserialize')) return true;
    throw error;
  }
  if (Object.getPrototypeOf(copy) !== Object.prototype) return false;
  if (prototype !== null) plain.add(prototype);
  return true;
}

/** Where the prototypes of an object run code (a proxy among them), `instanceof` can throw. */
export function isDOMException(value: object): boolean {
  try {
    return value instanceof DOMException;
  } catch {
    return false;
  }
}
