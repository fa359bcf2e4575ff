/**
 * Lists, maps and sets in a manager's process, under the names that JavaScript gives their methods.
 *
 * What is put into one is copied, and what is taken out is a copy: to change an object in it, set it again. Proxies in it
 * stay proxies. What is equal to a value, where methods look for one, is equal in all its parts; proxies are equal to
 * themselves. Keys, and members of sets, are primitives and proxies, since a copy of an object would never be found.
 */

import type { ManagedIterator } from './auto.ts';
import { BaseProxy, callOn } from './base.ts';

/** @see CPython `ListProxy` */
export class ManagedArray<T = unknown> extends BaseProxy {
  length(): Promise<number> {
    return callOn(this, 'length');
  }

  /** The item at an index, from the end for a negative one; `undefined` where there is none. */
  at(index: number): Promise<T | undefined> {
    return callOn(this, 'at', [index]);
  }

  /** @throws RangeError where there is no such item */
  set(index: number, value: T): Promise<void> {
    return callOn(this, 'set', [index, value]);
  }

  /** Appends items, and gives the new length. Python's `append` and `extend`. */
  push(...items: readonly T[]): Promise<number> {
    return callOn(this, 'push', items);
  }

  pop(): Promise<T | undefined> {
    return callOn(this, 'pop');
  }

  shift(): Promise<T | undefined> {
    return callOn(this, 'shift');
  }

  unshift(...items: readonly T[]): Promise<number> {
    return callOn(this, 'unshift', items);
  }

  /** Removes so many items from `start` on, puts others there, and gives those that were removed. */
  splice(start: number, deleteCount?: number, ...items: readonly T[]): Promise<T[]> {
    return callOn(this, 'splice', deleteCount === undefined ? [start] : [start, deleteCount, ...items]);
  }

  /** Removes the first that is equal to `value`, and says whether there was one. */
  remove(value: T): Promise<boolean> {
    return callOn(this, 'remove', [value]);
  }

  slice(start?: number, end?: number): Promise<T[]> {
    return callOn(this, 'slice', [start, end]);
  }

  /** A plain array of these items and others. Python's `+`. */
  concat(...items: readonly (T | readonly T[] | ManagedArray<T>)[]): Promise<T[]> {
    return callOn(this, 'concat', items);
  }

  /** Repeats all items in place, and resolves to this proxy. Python's `*=`. */
  async repeat(times: number): Promise<this> {
    await callOn(this, 'repeat', [times]);
    return this;
  }

  includes(value: T): Promise<boolean> {
    return callOn(this, 'includes', [value]);
  }

  /** -1 where there is none. */
  indexOf(value: T, start?: number): Promise<number> {
    return callOn(this, 'indexOf', [value, start]);
  }

  /** How many items are equal to `value`. */
  count(value: T): Promise<number> {
    return callOn(this, 'count', [value]);
  }

  /** Reverses it in place, and resolves to this proxy. */
  async reverse(): Promise<this> {
    await callOn(this, 'reverse');
    return this;
  }

  /**
   * Sorts it in place, and resolves to this proxy: numbers by value, texts by their code units.
   *
   * @throws TypeError for other items, and for a mixture
   */
  async sort(options: { readonly descending?: boolean } = {}): Promise<this> {
    await callOn(this, 'sort', [options.descending ?? false]);
    return this;
  }

  clear(): Promise<void> {
    return callOn(this, 'clear');
  }

  /** All items, as they are now. */
  override snapshot(): Promise<T[]> {
    return super.snapshot() as Promise<T[]>;
  }

  /** Reads one item after the other, so that it sees what changes meanwhile; each is a round trip. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    for (let index = 0; ; index += 1) {
      const found: readonly T[] = await this.slice(index, index + 1);
      if (found.length === 0) return;
      yield found[0] as T;
    }
  }
}

/** @see CPython `DictProxy` */
export class ManagedMap<K = unknown, V = unknown> extends BaseProxy {
  size(): Promise<number> {
    return callOn(this, 'size');
  }

  get(key: K): Promise<V | undefined> {
    return callOn(this, 'get', [key]);
  }

  async set(key: K, value: V): Promise<this> {
    await callOn(this, 'set', [key, value]);
    return this;
  }

  has(key: K): Promise<boolean> {
    return callOn(this, 'has', [key]);
  }

  delete(key: K): Promise<boolean> {
    return callOn(this, 'delete', [key]);
  }

  /** Removes the key and gives its value, or `fallback`. */
  pop(key: K, fallback?: V): Promise<V | undefined> {
    return callOn(this, 'pop', [key, fallback]);
  }

  /** Removes the entry that was added last, and gives it; `undefined` when there is none. */
  popItem(): Promise<[K, V] | undefined> {
    return callOn(this, 'popItem');
  }

  /** The value of a key, which gets `value` first if it has none. */
  setDefault(key: K, value: V): Promise<V> {
    return callOn(this, 'setDefault', [key, value]);
  }

  /** Sets many at once, and resolves to this proxy. Python's `|=`. */
  async update(entries: Iterable<readonly [K, V]> | ManagedMap<K, V>): Promise<this> {
    await callOn(this, 'update', [asData(entries)]);
    return this;
  }

  /** A plain map of these entries and others, which win. Python's `|`. */
  merge(entries: Iterable<readonly [K, V]> | ManagedMap<K, V>): Promise<Map<K, V>> {
    return callOn(this, 'merge', [asData(entries)]);
  }

  keys(): Promise<K[]> {
    return callOn(this, 'keys');
  }

  values(): Promise<V[]> {
    return callOn(this, 'values');
  }

  entries(): Promise<[K, V][]> {
    return callOn(this, 'entries');
  }

  clear(): Promise<void> {
    return callOn(this, 'clear');
  }

  /** All entries, as they are now. */
  override snapshot(): Promise<Map<K, V>> {
    return super.snapshot() as Promise<Map<K, V>>;
  }

  /** One entry after the other, by an iterator of the map itself, which sees what is added meanwhile. */
  async *[Symbol.asyncIterator](): AsyncGenerator<[K, V], void> {
    using iterator = (await callOn<ManagedIterator<[K, V]>>(this, 'iterator')) as ManagedIterator<[K, V]>;
    yield* iterator;
  }
}

type Members<T> = Iterable<T> | ManagedSet<T>;

/** @see CPython `SetProxy`, of 3.14 */
export class ManagedSet<T = unknown> extends BaseProxy {
  size(): Promise<number> {
    return callOn(this, 'size');
  }

  async add(value: T): Promise<this> {
    await callOn(this, 'add', [value]);
    return this;
  }

  has(value: T): Promise<boolean> {
    return callOn(this, 'has', [value]);
  }

  /** Says whether it was there. */
  delete(value: T): Promise<boolean> {
    return callOn(this, 'delete', [value]);
  }

  /** Removes one, and gives it; `undefined` when there is none. */
  pop(): Promise<T | undefined> {
    return callOn(this, 'pop');
  }

  clear(): Promise<void> {
    return callOn(this, 'clear');
  }

  values(): Promise<T[]> {
    return callOn(this, 'values');
  }

  /** Adds the members of others, and resolves to this proxy. Python's `|=`. */
  update(...others: readonly Members<T>[]): Promise<this> {
    return this.#change('update', others);
  }

  /** Keeps what all others have. Python's `&=`. */
  intersectionUpdate(...others: readonly Members<T>[]): Promise<this> {
    return this.#change('intersectionUpdate', others);
  }

  /** Keeps what no other has. Python's `-=`. */
  differenceUpdate(...others: readonly Members<T>[]): Promise<this> {
    return this.#change('differenceUpdate', others);
  }

  /** Keeps what only one of both has. Python's `^=`. */
  symmetricDifferenceUpdate(other: Members<T>): Promise<this> {
    return this.#change('symmetricDifferenceUpdate', [other]);
  }

  /** A plain set, as of the three that follow. */
  union(...others: readonly Members<T>[]): Promise<Set<T>> {
    return callOn(this, 'union', others.map(asData));
  }

  intersection(...others: readonly Members<T>[]): Promise<Set<T>> {
    return callOn(this, 'intersection', others.map(asData));
  }

  difference(...others: readonly Members<T>[]): Promise<Set<T>> {
    return callOn(this, 'difference', others.map(asData));
  }

  symmetricDifference(other: Members<T>): Promise<Set<T>> {
    return callOn(this, 'symmetricDifference', [asData(other)]);
  }

  isSubsetOf(other: Members<T>): Promise<boolean> {
    return callOn(this, 'isSubsetOf', [asData(other)]);
  }

  isSupersetOf(other: Members<T>): Promise<boolean> {
    return callOn(this, 'isSupersetOf', [asData(other)]);
  }

  isDisjointFrom(other: Members<T>): Promise<boolean> {
    return callOn(this, 'isDisjointFrom', [asData(other)]);
  }

  /** All members, as they are now. */
  override snapshot(): Promise<Set<T>> {
    return super.snapshot() as Promise<Set<T>>;
  }

  /** The members that it has when the iteration begins. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    yield* await this.values();
  }

  async #change(how: string, others: readonly Members<T>[]): Promise<this> {
    await callOn(this, how, others.map(asData));
    return this;
  }
}

/** Iterables that are no data, such as generators, are read here; what is not iterable the manager refuses. */
function asData(members: unknown): unknown {
  if (typeof members !== 'object' || members === null || members instanceof BaseProxy) return members;
  return Symbol.iterator in members ? [...(members as Iterable<unknown>)] : members;
}
