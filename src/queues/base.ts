/** What all queues have. */

import { EmptyError, FullError, InvalidStateError, ShutDownError } from '../errors.ts';
import { checkBoolean, checkCount, checkWait, type SyncWaitOptions, type WaitOptions } from '../options.ts';
import { type Place, SharedObject } from '../sync/shared-object.ts';
import { QueueCore } from './core.ts';
import { QUEUE_WORDS } from './layout.ts';
import type { Comparable } from './sort-key.ts';
import { formatQueue, QUEUE_KIND } from './state.ts';

export interface QueueOptions {
  /** How many items it may hold. Default, and 0 as in Python: any number, as long as there is shared memory. */
  readonly maxSize?: number | undefined;
}

export interface ShutdownOptions {
  /** Also discard the items that it holds. Default: they can still be got. */
  readonly immediate?: boolean | undefined;
}

/** For the subclasses: what is behind a queue. @throws InvalidStateError if it was closed here */
export let coreOf: <T>(queue: AbstractQueue<T>) => QueueCore;

/**
 * Items in shared memory. They are copied when they are put, as `structuredClone` would, and so each `get` gives an object of
 * its own; shareable objects in them (locks, events, other queues) arrive as themselves.
 *
 * Any number of threads (or processes, by reach) may put and get, awaiting or blocked. Those who wait are served in the
 * order in which their threads came. Whoever is killed while it puts or gets has put or got the item, or has
 * not: nobody else loses an item, sees half of one, or is held up.
 */
export abstract class AbstractQueue<T> extends SharedObject implements AsyncIterable<T> {
  readonly #core: QueueCore;
  #isClosed = false;

  static {
    coreOf = (queue) => queue.#open;
  }

  /** @internal */
  constructor(place: Place, discipline: number, { maxSize }: QueueOptions) {
    const most = toWord(maxSize);
    super(place, QUEUE_WORDS, QUEUE_KIND);
    if (this.isNew) formatQueue(this.block, discipline, most);
    this.#core = new QueueCore(this.block);
  }

  get #open(): QueueCore {
    if (this.#isClosed) {
      throw new InvalidStateError('This queue was closed here with close(). Others can still use it.');
    }
    return this.#core;
  }

  /** See `close()` of the queues for processes. */
  protected get isClosed(): boolean {
    return this.#isClosed;
  }

  protected markClosed(): void {
    this.#isClosed = true;
  }

  /** The priority of an item, where that counts. */
  protected keyOf(_item: T): Comparable | undefined {
    return undefined;
  }

  /** Whether `keyOf` counts. */
  protected get hasKeys(): boolean {
    return false;
  }

  /** How many items there are. Others may put and get at any time, so it says what was a moment ago. Python's `qsize()`. */
  get size(): number {
    return this.#open.size;
  }

  empty(): boolean {
    return this.size === 0;
  }

  /** Whether it holds as many items as it may. */
  full(): boolean {
    const { maxSize } = this;
    return this.size >= maxSize;
  }

  /** How many items it may hold; `Infinity` where there is no limit. */
  get maxSize(): number {
    return this.#open.maxSize || Infinity;
  }

  /** From now on. Items that are there already stay, if they are more. */
  set maxSize(maxSize: number) {
    this.#open.maxSize = toWord(maxSize);
  }

  get isShutdown(): boolean {
    return this.#open.isShutdown;
  }

  /**
   * Puts an item, once there is a place for it. It is copied at once: what is changed afterwards is not seen.
   *
   * Rejects with FullError, which is a TimeoutError, when the time is over; `signal.reason` when aborted; ShutDownError;
   * NotShareableError if it cannot be copied, and OutOfSharedMemoryError if there is no room for it in all of shared
   * memory: then it takes no place. Python's `put`.
   */
  put(item: T, options?: WaitOptions): Promise<void> {
    try {
      return this.#open.put(item, this.keyOf(item), this.hasKeys, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Puts an item, and blocks this thread until there is a place for it. @throws as `put` rejects */
  putSync(item: T, options: SyncWaitOptions = {}): void {
    this.#open.putSync(item, this.keyOf(item), this.hasKeys, options.timeout);
  }

  /** Puts an item if there is a place for it, and says so. @throws as `put` rejects, but FullError */
  tryPut(item: T): boolean {
    return this.#open.tryPut(item, this.keyOf(item), this.hasKeys);
  }

  /** Python's `put_nowait`: `tryPut` that throws FullError. */
  putNowait(item: T): void {
    if (!this.tryPut(item)) throw new FullError('The queue is full');
  }

  /**
   * The next item, once there is one.
   *
   * Rejects with EmptyError, which is a TimeoutError, when the time is over; `signal.reason` when aborted; ShutDownError
   * when the queue was shut down and has no more items. Python's `get`.
   */
  get(options?: WaitOptions): Promise<T> {
    try {
      const core = this.#open;
      if (options !== undefined) checkWait(options);
      const read = core.tryTake();
      return (
        read === undefined ? core.takeLater(options ?? {}) : Promise.resolve(core.valueOf(read))
      ) as Promise<T>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The next item; blocks this thread until there is one. @throws as `get` rejects */
  getSync(options: SyncWaitOptions = {}): T {
    return this.#open.getSync(options.timeout) as T;
  }

  /** The next item if there is one, which may be `undefined`: hence in an object. @throws as `get` rejects, but EmptyError */
  tryGet(): { readonly value: T } | null {
    return this.#open.tryGet() as { readonly value: T } | null;
  }

  /** Python's `get_nowait`: `tryGet` that gives the item itself, or throws EmptyError. */
  getNowait(): T {
    const got = this.tryGet();
    if (got === null) throw new EmptyError('The queue is empty');
    return got.value;
  }

  /**
   * For all who have it: nothing can be put any more, and when the items that there are have been got, nothing can be got.
   * Whoever waits for what will not come, to put or to get, rejects with ShutDownError; loops over it end. Python's
   * `shutdown`, 3.13. May be called again: at once after gracefully.
   */
  shutdown(options: ShutdownOptions = {}): void {
    checkBoolean('immediate', options.immediate);
    this.#open.shutdown(options.immediate ?? false);
  }

  /** Gets items until the queue is shut down and has no more. Loops in several places share the items. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    const next = (): Promise<IteratorResult<T, undefined>> => this.#next();
    return {
      next,
      return: () => Promise.resolve({ value: undefined, done: true }),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  async #next(): Promise<IteratorResult<T, undefined>> {
    try {
      return { value: await this.get(), done: false };
    } catch (error) {
      if (error instanceof ShutDownError) return { value: undefined, done: true };
      throw error;
    }
  }
}

/** What stands for no limit is 0, in shared memory. */
function toWord(maxSize: number | undefined): number {
  checkCount('maxSize', maxSize, 0, true);
  return maxSize === undefined || maxSize > 2 ** 31 - 1 ? 0 : maxSize;
}
