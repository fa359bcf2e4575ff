/** Those who wait for a place in a queue that is full. Places are promised to them in the order in which they came. */

import type { Block } from '../memory/block.ts';
import type { WaitOptions } from '../options.ts';
import { Line, type Waited } from '../sync/line.ts';
import { WaitList } from '../sync/wait-list.ts';
import { type Getters, nothing, shutDown } from './getters.ts';
import type { Item } from './items.ts';
import { PUTTERS, PUTTERS_PROMISED } from './layout.ts';
import { Promises } from './promises.ts';
import type { QueueState } from './state.ts';

export class Putters implements Waited<true, Item> {
  readonly kind = 'queue';
  readonly lateness = 'The queue is full, and nothing was got from it';
  readonly #state: QueueState;
  readonly #list: WaitList;
  readonly #promises: Promises;
  readonly #line: Line<true, Item>;
  readonly #getters: Getters;

  constructor(state: QueueState, block: Block, getters: Getters) {
    this.#state = state;
    this.#list = new WaitList(block, PUTTERS);
    this.#promises = new Promises(this.#list, block.words, PUTTERS_PROMISED, () => {
      const { maxSize, count } = state;
      return maxSize === 0 ? Infinity : maxSize - count;
    });
    this.#line = new Line(this.#list, this);
    this.#getters = getters;
  }

  wait(item: Item, options: WaitOptions): Promise<true> {
    return this.#line.wait(options, item);
  }

  waitSync(item: Item, timeout: number | undefined): true {
    return this.#line.waitSync(timeout, item);
  }

  /** Lets those of this thread look who await. Without the latch. */
  serve(): void {
    this.#line.serve();
  }

  /**
   * Puts an item without waiting. False: there is no place, or only for those who wait already.
   *
   * @throws ShutDownError, OutOfSharedMemoryError
   */
  tryPut(item: Item): boolean {
    const state = this.#state;
    for (;;) {
      state.lock();
      try {
        if (!state.isOpen) throw shutDown();
        if (this.#list.isWaitedFor) this.distribute();
        if (state.maxSize > 0 && this.#promises.left <= 0) return false;
        if (this.#insert(item)) break;
      } finally {
        state.unlock();
      }
      state.grow(item);
    }
    this.#afterPut();
    return true;
  }

  // ── under the latch ─────────────────────────────────────────────────────────────────────────────────────

  /** Promises the places that are free to those who wait. */
  distribute(): void {
    this.#promises.distribute();
  }

  rouseAll(): void {
    this.#list.rouseAll();
  }

  #insert(item: Item): boolean {
    if (!this.#state.insert(item)) return false;
    this.#getters.distribute();
    return true;
  }

  // ── for those who wait ──────────────────────────────────────────────────────────────────────────────────

  join(): boolean {
    this.#state.lock();
    const joined = this.#list.join();
    this.#state.unlock();
    return joined;
  }

  attempt(item: Item): true | undefined {
    const state = this.#state;
    for (;;) {
      if (!this.#list.hasNews && state.isOpen && state.maxSize > 0 && state.size >= state.maxSize) {
        return undefined;
      }
      state.lock();
      try {
        if (!state.isOpen) throw shutDown();
        this.distribute();
        if (!this.#list.hasNews) return undefined;
        if (this.#insert(item)) {
          this.#list.notice();
          this.#list.giveBack();
          break;
        }
      } finally {
        state.unlock();
      }
      state.grow(item);
    }
    this.#afterPut();
    return true;
  }

  attemptOutside(item: Item): true | undefined {
    return this.tryPut(item) || undefined;
  }

  /** A place that it was promised at the last moment goes to the next: which item it was for is not known here. */
  quit(_isTold: boolean): undefined {
    this.#state.lock();
    if (this.#list.notice()) {
      this.#list.giveBack();
      if (this.#state.isOpen) this.distribute();
    } else this.#list.leave(false);
    this.#state.unlock();
  }

  inspect(): void {
    this.#state.lock();
    this.#list.reclaim(nothing);
    this.distribute();
    this.#getters.distribute();
    this.#state.unlock();
  }

  #afterPut(): void {
    this.#getters.serve();
  }
}
