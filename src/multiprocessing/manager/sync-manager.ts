/** Managers of what Python's `multiprocessing.Manager()` has. */

import { checkCount, checkDuration, checkFunction, checkNames } from '../../options.ts';
import { referenceTo } from '../../tasks/reference.ts';
import type { Item, ItemType } from '../values/types.ts';
import { BaseManager, type ManagerOptions } from './base-manager.ts';
import type { BaseProxy } from './proxies/base.ts';
import { ManagedArray, ManagedMap, ManagedSet } from './proxies/containers.ts';
import type { ManagedQueue } from './proxies/queue.ts';
import type {
  ManagedBarrier,
  ManagedCondition,
  ManagedEvent,
  ManagedLock,
  ManagedRLock,
  ManagedSemaphore,
} from './proxies/sync.ts';
import type { ManagedNamespace, ManagedNumbers, ManagedValue } from './proxies/values.ts';

/** The types of numbers that an array of a manager can have. */
export type ManagedNumberType = Exclude<ItemType, 'c' | 'char' | '?' | 'boolean'>;

/**
 * A manager whose objects are locks, queues, containers and values. Each method makes one, and resolves to its proxy.
 *
 * @see CPython `multiprocessing.managers.SyncManager`.
 */
export class SyncManager extends BaseManager {
  protected override get isSync(): boolean {
    return true;
  }

  /** `maxSize` 0: as many items as there is memory for. */
  Queue<T = unknown>(options: { readonly maxSize?: number } = {}): Promise<ManagedQueue<T>> {
    return this.#queue('Queue', options);
  }

  /** The same as `Queue`. */
  JoinableQueue<T = unknown>(options: { readonly maxSize?: number } = {}): Promise<ManagedQueue<T>> {
    return this.#queue('JoinableQueue', options);
  }

  Event(): Promise<ManagedEvent> {
    return this.#make('Event');
  }

  Lock(): Promise<ManagedLock> {
    return this.#make('Lock');
  }

  RLock(): Promise<ManagedRLock> {
    return this.#make('RLock');
  }

  Semaphore(value = 1): Promise<ManagedSemaphore> {
    return this.#make('Semaphore', value);
  }

  BoundedSemaphore(value = 1): Promise<ManagedSemaphore> {
    return this.#make('BoundedSemaphore', value);
  }

  /** `lock`: of this manager. Default: an `RLock` of its own. */
  Condition(lock?: ManagedLock | ManagedRLock): Promise<ManagedCondition> {
    return this.#make('Condition', lock);
  }

  /** `action` is called in the manager's process, and found there as the function of a task is. `timeout`: of each wait. */
  async Barrier(
    parties: number,
    options: { readonly action?: (() => unknown) | undefined; readonly timeout?: number | undefined } = {},
  ): Promise<ManagedBarrier> {
    checkNames(options, ['action', 'timeout'], 'Barrier');
    checkFunction('action', options.action);
    checkDuration('timeout', options.timeout);
    const { action, timeout } = options;
    return await this.#make('Barrier', parties, action && referenceTo(action), timeout);
  }

  /** Numbers of one type. */
  async Array<T extends ManagedNumberType>(
    type: T,
    values: Iterable<Item<T>>,
  ): Promise<ManagedNumbers<Item<T> & (number | bigint)>> {
    return await this.#make('Array', type, [...values]);
  }

  Value<T>(value: T): Promise<ManagedValue<T>> {
    return this.#make('Value', value);
  }

  Namespace(values: Readonly<Record<string, unknown>> = {}): Promise<ManagedNamespace> {
    return this.#make('Namespace', values);
  }

  list<T = unknown>(items: Iterable<T> | ManagedArray<T> = []): Promise<ManagedArray<T>> {
    return this.#make('list', items instanceof ManagedArray ? items : [...items]);
  }

  /** From entries, as a map is made, or from a plain object. */
  dict<K = string, V = unknown>(
    entries: Iterable<readonly [K, V]> | ManagedMap<K, V> | Readonly<Record<string, V>> = [],
  ): Promise<ManagedMap<K, V>> {
    if (entries instanceof ManagedMap) return this.#make('dict', entries);
    const isIterable = Symbol.iterator in entries;
    return this.#make('dict', isIterable ? [...entries] : Object.entries(entries));
  }

  set<T = unknown>(members: Iterable<T> | ManagedSet<T> = []): Promise<ManagedSet<T>> {
    const isIterable = !(members instanceof ManagedSet) && Symbol.iterator in Object(members);
    return this.#make('set', isIterable ? [...(members as Iterable<T>)] : members);
  }

  async #queue<T>(typeid: string, options: { readonly maxSize?: number }): Promise<ManagedQueue<T>> {
    checkNames(options, ['maxSize'], typeid);
    checkCount('maxSize', options.maxSize, 0);
    return await this.#make(typeid, options.maxSize ?? 0);
  }

  async #make<P extends BaseProxy>(typeid: string, ...args: readonly unknown[]): Promise<P> {
    return (await this.create(typeid, ...args)) as unknown as P;
  }
}

/**
 * A `SyncManager` that has started.
 *
 * @see CPython `multiprocessing.Manager`.
 * @example
 * await using manager = await Manager();
 * const results = await manager.dict<string, number>();
 */
export async function Manager(options: ManagerOptions = {}): Promise<SyncManager> {
  return await new SyncManager(options).start();
}
