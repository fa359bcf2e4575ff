/**
 * A condition variable: to wait, one lets go of the lock, sleeps until notified, and takes the lock again.
 *
 * `notify` gives to the first in line, so it wakes exactly as many as it says; what was given to a thread that died before
 * it took notice goes to the next. Who waits has joined the line before it lets go of the lock, so no notification that
 * comes after is lost.
 *
 * Whatever ends the wait (a notification, the time, a signal), the lock is held again before the caller goes on.
 *
 * @see C. A. R. Hoare, "Monitors: an operating system structuring concept" (1974), with the signal-and-continue of Mesa
 *   (B. W. Lampson, D. D. Redell, 1980): look at what you wait for again, in a loop, or use `waitFor`.
 */

import { InvalidStateError } from '../../errors.ts';
import type { Block } from '../../memory/block.ts';
import { Latch } from '../../memory/latch.ts';
import { checkWait, type WaitOptions } from '../../options.ts';
import { Line, type Waited } from '../line.ts';
import { WAIT_LIST_WORDS, WaitList } from '../wait-list.ts';

const LATCH = 0;
const LIST = 1;

export const CONDITION_WORDS: number = LIST + WAIT_LIST_WORDS;

/** What a condition needs of its lock: to let go of it, however often it is held, and to have it back as it was. */
export interface Suspendable {
  /** Whether this thread holds it. */
  readonly isMine: boolean;
  suspend(): Suspended;
}

export interface Suspended {
  resume(): Promise<void>;
  resumeSync(): void;
}

export class ConditionCore implements Waited<true> {
  readonly lateness = 'The condition was not notified';
  readonly #lock: Suspendable;
  readonly #latch: Latch;
  readonly #list: WaitList;
  readonly #line: Line<true>;

  constructor(lock: Suspendable, block: Block, base: number) {
    this.#lock = lock;
    this.#latch = new Latch(block.words, base + LATCH);
    this.#list = new WaitList(block, base + LIST);
    this.#line = new Line(this.#list, this);
  }

  async wait(options: WaitOptions): Promise<void> {
    checkWait(options);
    this.#checkHeld('wait for');
    const notified = this.#line.wait(options, undefined);
    // Looked at below; meanwhile the lock may take long to come back.
    notified.catch(() => undefined);
    const suspended = this.#lock.suspend();
    try {
      await notified;
    } finally {
      await suspended.resume();
    }
  }

  waitSync(timeout: number | undefined): void {
    this.#checkHeld('wait for');
    let suspended: Suspended | undefined;
    try {
      this.#line.waitSync(timeout, undefined, () => {
        suspended = this.#lock.suspend();
      });
    } finally {
      suspended?.resumeSync();
    }
  }

  async waitFor<R>(predicate: () => R | PromiseLike<R>, options: WaitOptions): Promise<R> {
    checkWait(options);
    const { timeout, signal } = options;
    const end = timeout === undefined ? undefined : performance.now() + timeout;
    for (;;) {
      const holds = await predicate();
      if (holds) return holds;
      const left = end === undefined ? undefined : Math.max(0, end - performance.now());
      await this.wait({ timeout: left, signal });
    }
  }

  waitForSync<R>(predicate: () => R, timeout: number | undefined): R {
    const end = timeout === undefined ? undefined : performance.now() + timeout;
    for (;;) {
      const holds = predicate();
      if (holds) return holds;
      this.waitSync(end === undefined ? undefined : Math.max(0, end - performance.now()));
    }
  }

  notify(count: number): void {
    this.#checkHeld('notify');
    this.#latch.lock();
    for (let n = 0; n < count && this.#list.give(); n += 1);
    this.#latch.unlock();
    this.#line.serve();
  }

  // ── for those who wait ──────────────────────────────────────────────────────────────────────────────────

  join(): boolean {
    this.#latch.lock();
    const joined = this.#list.join();
    this.#latch.unlock();
    return joined;
  }

  attempt(): true | undefined {
    if (!this.#list.hasNews) return undefined;
    this.#latch.lock();
    const notified = this.#notice();
    this.#latch.unlock();
    return notified;
  }

  quit(): true | undefined {
    this.#latch.lock();
    const notified = this.#notice();
    if (notified === undefined) this.#list.leave(false);
    this.#latch.unlock();
    return notified;
  }

  inspect(): void {
    this.#latch.lock();
    const { given } = this.#list.reclaim();
    for (let n = 0; n < given && this.#list.give(); n += 1);
    this.#latch.unlock();
  }

  #notice(): true | undefined {
    return this.#list.notice() && this.#list.giveBack() ? true : undefined;
  }

  #checkHeld(what: string): void {
    if (this.#lock.isMine) return;
    throw new InvalidStateError(`To ${what} a condition one must hold its lock; acquire it first`);
  }
}
