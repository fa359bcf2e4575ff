/**
 * Threads under one lock, as Python's run under the GIL: to compare, and to teach.
 *
 * A thread holds the lock whenever it runs JavaScript and drops it whenever it goes back to its event loop.
 * So of many threads that compute one makes progress at a time, while those that wait for timers or the
 * network are not held up: what the GIL does to Python programs can be seen on Node.
 *
 * There is no hook on "the loop begins to wait", but async_hooks has one around every callback, and all
 * JavaScript that a worker runs is run by some callback: of a message, a timer, a socket, a promise.
 *
 * Unlike the GIL, which makes its holder give way every 5 ms, this lock is held until the callback returns:
 * JavaScript cannot be interrupted in between. Long callbacks of several threads therefore come one after the
 * other, not in turns; the sum of the time is the same.
 */

import { createHook } from 'node:async_hooks';

const FREE = 0;

/** The pool's side. One lock for one pool. */
export class InterpreterLock {
  /** The number of the thread that holds it, or 0. */
  readonly word: Int32Array = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

  /**
   * A thread has ended; if it died holding the lock, nobody else would ever get it. It may also have died
   * right after it was woken to take the lock: that wake has to go to another one then.
   */
  releaseFor(owner: number): void {
    Atomics.compareExchange(this.word, 0, owner, FREE);
    Atomics.notify(this.word, 0, 1);
  }
}

/** The worker's side: from now on all JavaScript of this thread runs under the lock. */
export function runUnderLock({ word, owner }: { readonly word: Int32Array; readonly owner: number }): void {
  // Callbacks nest: a microtask runs inside of the callback that ended before it.
  let depth = 0;
  const enter = (): void => {
    depth += 1;
    if (depth > 1) return;
    for (;;) {
      const holder = Atomics.compareExchange(word, 0, FREE, owner);
      if (holder === FREE) return;
      Atomics.wait(word, 0, holder);
    }
  };
  const leave = (): void => {
    // The callback that called us was entered before the hook was there.
    if (depth === 0) return;
    depth -= 1;
    if (depth > 0) return;
    Atomics.store(word, 0, FREE);
    Atomics.notify(word, 0, 1);
  };
  createHook({ before: enter, after: leave }).enable();
}
