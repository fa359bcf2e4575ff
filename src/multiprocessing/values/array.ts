import { type ArrayContent, RawArray } from './raw-array.ts';
import {
  type LockOptions,
  lockFor,
  registerSynchronized,
  Synchronized,
  type ValueLock,
} from './synchronized.ts';
import type { Item, ItemType, TextOf, View } from './types.ts';

/** `Array` around memory and a lock that are there already. */
export class ArrayBase<T extends ItemType> extends Synchronized<RawArray<T>> implements Iterable<Item<T>> {
  /** See {@link RawArray.type}. */
  get type(): ItemType {
    return this.getObj().type;
  }

  /** Fixed. */
  get length(): number {
    return this.getObj().length;
  }

  /** See {@link RawArray.view}. */
  get view(): View<T> {
    return this.getObj().view;
  }

  /** See {@link RawArray.get}. */
  get(index: number): Item<T> {
    return this.getObj().get(index);
  }

  /** See {@link RawArray.set}. */
  set(index: number, value: Item<T>): void {
    this.getObj().set(index, value);
  }

  /** See {@link RawArray.slice}. */
  slice(start?: number, end?: number): Item<T>[] {
    return this.getObj().slice(start, end);
  }

  /** See {@link RawArray.setSlice}. */
  setSlice(start: number, values: Iterable<Item<T>>): void {
    this.getObj().setSlice(start, values);
  }

  [Symbol.iterator](): IterableIterator<Item<T>> {
    return this.getObj()[Symbol.iterator]();
  }

  /** See {@link RawArray.value}. */
  get value(): TextOf<T> {
    return this.getObj().value;
  }

  /** See {@link RawArray.value}. */
  set value(text: TextOf<T>) {
    this.getObj().value = text;
  }

  /** See {@link RawArray.raw}. */
  get raw(): Uint8Array<ArrayBuffer> {
    return this.getObj().raw;
  }

  /** See {@link RawArray.raw}. */
  set raw(bytes: Uint8Array) {
    this.getObj().raw = bytes;
  }
}

/**
 * Items of one type in memory that all processes of the family share, with a lock for whoever does more than one thing
 * with them. Their number is fixed.
 *
 * Nothing but your code waits for the lock: where one uses it, all have to. As an argument, a result or an item of a queue
 * it arrives as what it is, not as a copy.
 *
 * @throws TypeError or RangeError if there is no such type, `content` is none, or an option is wrong
 * @throws SharedMemoryUnavailableError, OutOfSharedMemoryError
 * @see CPython `multiprocessing.Array`
 * @example
 * const totals = new Array('d', 12);
 * await totals.withLock(() => totals.set(month, totals.get(month) + price));
 */
class SharedArray<T extends ItemType = ItemType> extends ArrayBase<T> {
  /** `content`: how many there are to be, all 0, or what they are to be. For `'c'` also a text. */
  constructor(type: T, content: ArrayContent<T>, options: LockOptions = {}) {
    const lock = lockFor(options, 'Array');
    super(new RawArray(type, content), lock);
  }
}

/** A shared array of memory that is there already. */
export function arrayOf<T extends ItemType>(raw: RawArray<T>, lock: ValueLock | undefined): SharedArray<T> {
  return Reflect.construct(ArrayBase, [raw, lock], SharedArray) as SharedArray<T>;
}

registerSynchronized(SharedArray, arrayOf, 'multiprocessing.Array', import.meta.url);

export { SharedArray as Array };
