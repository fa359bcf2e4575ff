import type { SyncWaitOptions, WaitOptions } from '../options.ts';
import type { Place } from '../sync/shared-object.ts';
import { AbstractQueue, coreOf, type QueueOptions } from './base.ts';
import { FIFO, LIFO } from './order.ts';

/** A queue that also counts which of its items are done. */
export abstract class CountingQueue<T> extends AbstractQueue<T> {
  /** How many items were put for which `taskDone()` has not been called. */
  get unfinishedTasks(): number {
    return coreOf(this).unfinished;
  }

  /** Says that what there was to do for an item is done. @throws InvalidStateError beyond the number of items put */
  taskDone(): void {
    coreOf(this).taskDone();
  }

  /**
   * Resolves once `taskDone()` was called for every item that was put. A shutdown does not end it, unless it discards the
   * last items that were not done.
   *
   * Rejects with TimeoutError, or `signal.reason`.
   */
  async join(options: WaitOptions = {}): Promise<void> {
    return coreOf(this).join(options);
  }

  /** The same, and blocks this thread. @throws TimeoutError */
  joinSync({ timeout }: SyncWaitOptions = {}): void {
    coreOf(this).joinSync(timeout);
  }

  /** Shuts it down, for all who have it: what it holds can still be got. */
  [Symbol.dispose](): void {
    this.shutdown();
  }
}

/** First in, first out. @see CPython `queue.Queue` */
export class Queue<T = unknown> extends CountingQueue<T> {
  /** @internal */
  constructor(place: Place, options: QueueOptions = {}) {
    super(place, FIFO, options);
  }
}

/** Last in, first out. @see CPython `queue.LifoQueue` */
export class LifoQueue<T = unknown> extends CountingQueue<T> {
  /** @internal */
  constructor(place: Place, options: QueueOptions = {}) {
    super(place, LIFO, options);
  }
}

/** First in, first out, without limit. @see CPython `queue.SimpleQueue` */
export class SimpleQueue<T = unknown> extends AbstractQueue<T> {
  /** @internal */
  constructor(place: Place) {
    super(place, FIFO, {});
  }
}
