import { InvalidStateError } from '../errors.ts';
import type { SyncWaitOptions, WaitOptions } from '../options.ts';
import type { Place } from '../sync/shared-object.ts';
import { AbstractQueue, coreOf, type QueueOptions } from './base.ts';
import { FIFO } from './order.ts';

/** A queue that a thread can close for itself. */
export abstract class ClosableQueue<T> extends AbstractQueue<T> {
  /**
   * This thread will not use the queue any more: whatever it tries, but to close it again, is an InvalidStateError. What it
   * has put stays there for the others, who notice nothing. To end the queue for all of them, `shutdown()`.
   */
  close(): void {
    this.markClosed();
  }
}

/** First in, first out. @see CPython `multiprocessing.Queue` */
export class ProcessQueue<T = unknown> extends ClosableQueue<T> {
  /** @internal */
  constructor(place: Place, options: QueueOptions = {}) {
    super(place, FIFO, options);
  }

  /**
   * After `close()`: resolves when all that was put is there for the others, which is at once. In Python a thread of
   * its own writes items to a pipe some time after `put`, and has to be waited for; here an item is in shared memory when
   * `put` resolves, and outlives the process that put it.
   *
   * Rejects with InvalidStateError before `close()`. @see CPython `Queue.join_thread`
   */
  joinThread(): Promise<void> {
    if (this.isClosed) return Promise.resolve();
    return Promise.reject(new InvalidStateError('joinThread() comes after close()'));
  }

  /** Nothing has to be waited for when a process ends, so there is nothing to cancel. @see CPython `Queue.cancel_join_thread` */
  cancelJoinThread(): void {}
}

/** One that also counts which of its items are done. @see CPython `multiprocessing.JoinableQueue` */
export class JoinableQueue<T = unknown> extends ProcessQueue<T> {
  /** How many items were put for which `taskDone()` has not been called. */
  get unfinishedTasks(): number {
    return coreOf(this).unfinished;
  }

  /** Says that what there was to do for an item is done. @throws InvalidStateError beyond the number of items put */
  taskDone(): void {
    coreOf(this).taskDone();
  }

  /** Resolves once `taskDone()` was called for every item that was put. Rejects with TimeoutError, or `signal.reason`. */
  async join(options: WaitOptions = {}): Promise<void> {
    return coreOf(this).join(options);
  }

  /** The same, and blocks this thread. @throws TimeoutError */
  joinSync({ timeout }: SyncWaitOptions = {}): void {
    coreOf(this).joinSync(timeout);
  }
}

/** First in, first out, without limit. @see CPython `multiprocessing.SimpleQueue` */
export class ProcessSimpleQueue<T = unknown> extends ClosableQueue<T> {
  /** @internal */
  constructor(place: Place) {
    super(place, FIFO, {});
  }
}
