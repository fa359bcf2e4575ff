/**
 * What an object is, asked in ways that the object cannot answer itself: a subclass or an own property may
 * say otherwise.
 */

import { types } from 'node:util';
import { elementOf, isBare } from '../parts.ts';
import { crossesAsPlainObject, isKnownPlain } from '../plain-classes.ts';
import { VIEW_TYPES } from './format.ts';

const brandOf = Object.prototype.toString;

/**
 * Whether a copy of `object`, which is no proxy, is a plain object with what a `for in` of it meets.
 *
 * The brand tells apart what has `Object.prototype` as its prototype and is more than that: the `arguments`
 * of a function, for one. It does not tell apart a `Map`, or another object without a brand of its own, whose
 * prototype was replaced by one of these; nobody does that.
 */
export function isPlain(object: object): boolean {
  const prototype = Object.getPrototypeOf(object) as object | null;
  if (prototype === null) return brandOf.call(object) === PLAIN && !types.isExternal(object);
  if (prototype !== Object.prototype && !isKnownPlain(prototype)) return false;
  return brandOf.call(object) === PLAIN && !hasNames(prototype);
}

/** Whether a `for in` of what inherits from it meets more than its own names. */
function hasNames(prototype: object): boolean {
  for (const _ in prototype) return true;
  return false;
}

const PLAIN = '[object Object]';

/** The same for what nobody has asked about yet: an instance of a class that is new here. */
export function isOfPlainClass(object: object): boolean {
  if (types.isNativeError(object) || isKnownPlain(Object.getPrototypeOf(object) as object | null))
    return false;
  try {
    return crossesAsPlainObject(object) && isPlain(object);
  } catch {
    return false;
  }
}

/** Whether an array has no names beside its elements; to be asked of arrays without holes. */
export function hasOnlyElements(array: readonly unknown[]): boolean {
  const { length } = array;
  const last = elementOf(array, length - 1);
  const short = typeof last === 'number' && !Number.isInteger(last) ? SHORT_OF_FRACTIONS : SHORT;
  return length <= short ? Object.values(array).length === length : isBare(array);
}

/**
 * Up to about these lengths it is faster to list the values than to ask. (Keys are listed more slowly.) For each fraction that
 * is listed an object is made.
 */
const SHORT = 400;
const SHORT_OF_FRACTIONS = 96;

type Getter<Value> = (this: object) => Value;

function getter<Value>(prototype: object, key: string | symbol): Getter<Value> {
  return Object.getOwnPropertyDescriptor(prototype, key)?.get as Getter<Value>;
}

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const typeOfArray = getter<string>(typedArray, Symbol.toStringTag);
const ofArray = {
  buffer: getter<ArrayBufferLike>(typedArray, 'buffer'),
  byteOffset: getter<number>(typedArray, 'byteOffset'),
  byteLength: getter<number>(typedArray, 'byteLength'),
};
const ofDataView = {
  buffer: getter<ArrayBufferLike>(DataView.prototype, 'buffer'),
  byteOffset: getter<number>(DataView.prototype, 'byteOffset'),
  byteLength: getter<number>(DataView.prototype, 'byteLength'),
};
export const byteLengthOf: Getter<number> = getter<number>(ArrayBuffer.prototype, 'byteLength');
/** Node 20 has it. */
const isResizable = getter<boolean>(ArrayBuffer.prototype, 'resizable');

/** What has to be known of a view to make another. */
export interface View {
  /** Its place in `VIEW_TYPES`. */
  readonly type: number;
  readonly buffer: ArrayBuffer;
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** `undefined` for views that are not written here, such as those of shared memory. */
export function viewOf(view: ArrayBufferView): View | undefined {
  const name = typeOfArray.call(view) as string | undefined;
  const type = VIEW_TYPES.findIndex((known) => known.name === (name ?? 'DataView'));
  const read = name === undefined ? ofDataView : ofArray;
  const buffer = read.buffer.call(view);
  if (type < 0 || !isOrdinaryBuffer(buffer)) return undefined;
  return {
    type,
    buffer,
    byteOffset: read.byteOffset.call(view),
    byteLength: read.byteLength.call(view),
  };
}

/** Memory of fixed length that is there: not shared, not resizable, not moved away (or empty). */
export function isOrdinaryBuffer(buffer: object): buffer is ArrayBuffer {
  return types.isArrayBuffer(buffer) && byteLengthOf.call(buffer) > 0 && !isResizable.call(buffer);
}
