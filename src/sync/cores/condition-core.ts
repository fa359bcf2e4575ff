/**
 * A condition variable: to wait, one lets go of the lock, sleeps until notified, and takes the lock again.
 *
 * `notify` gives to the first in line, so it wakes exactly as many as it says; what was given to a thread that died before
 * it had the lock again goes to the next. Who waits has joined the line before it lets go of the lock, so no notification
 * that comes after is lost. Who finds no room in the line cannot wait for it with the lock in hand, without which nobody
 * can notify: it goes by the number of notifications, and wakes at the next, whoever that was for.
 *
 * Whatever ends the wait (a notification, the time, a signal), the lock is held again before the caller goes on.
 *
 * @see C. A. R. Hoare, "Monitors: an operating system structuring concept" (1974), with the signal-and-continue of Mesa
 *   (B. W. Lampson, D. D. Redell, 1980): look at what you wait for again, in a loop, or use `waitFor`.
 */

import { InvalidStateError, TimeoutError } from '../../errors.ts';
import type { Block } from '../../memory/block.ts';
import { checkWait, type WaitOptions } from '../../options.ts';
import { detection } from '../deadlocks/mode.ts';
import { type Resuming, resumeSeen } from '../deadlocks/watch.ts';
import { Line, type Waited } from '../line.ts';
import { WAIT_LIST_WORDS, WaitList } from '../wait-list.ts';

/** How often it was notified, whoever waited. */
const NOTIFICATIONS = 0;
const LIST = 1;

export const CONDITION_WORDS: number = LIST + WAIT_LIST_WORDS;

/** One that waits. */
interface Wait {
  /** If there was no room in the list when it came: what NOTIFICATIONS was then. */
  before: number | undefined;
}

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

export class ConditionCore implements Waited<boolean, Wait> {
  readonly kind = 'condition';
  readonly lateness = 'The condition was not notified';
  readonly #lock: Suspendable;
  readonly #words: Int32Array;
  readonly #notifications: number;
  readonly #list: WaitList;
  readonly #line: Line<boolean, Wait>;

  constructor(lock: Suspendable, block: Block, base: number) {
    this.#lock = lock;
    this.#words = block.words;
    this.#notifications = base + NOTIFICATIONS;
    this.#list = new WaitList(block, base + LIST);
    this.#line = new Line(this.#list, this);
  }

  wait(options: WaitOptions): Promise<void> {
    return detection.isOn
      ? resumeSeen((resuming) => this.#wait(options, resuming))
      : this.#wait(options, (resume) => resume());
  }

  async #wait(options: WaitOptions, resuming: Resuming): Promise<void> {
    checkWait(options);
    this.#checkHeld('wait for');
    let suspended: Suspended | undefined;
    let isGiven = false;
    try {
      isGiven = await this.#line.wait(options, { before: undefined }, () => {
        suspended = this.#lock.suspend();
      });
    } finally {
      try {
        if (suspended !== undefined) await resuming(suspended.resume);
      } finally {
        if (isGiven) this.#giveBack();
      }
    }
  }

  waitSync(timeout: number | undefined): void {
    this.#checkHeld('wait for');
    let suspended: Suspended | undefined;
    let isGiven = false;
    try {
      isGiven = this.#line.waitSync(timeout, { before: undefined }, () => {
        suspended = this.#lock.suspend();
      });
    } finally {
      try {
        suspended?.resumeSync();
      } finally {
        if (isGiven) this.#giveBack();
      }
    }
  }

  async waitFor<R>(predicate: () => R | PromiseLike<R>, options: WaitOptions): Promise<R> {
    checkWait(options);
    const { timeout, signal } = options;
    const end = timeout === undefined ? undefined : performance.now() + timeout;
    for (let late: TimeoutError | undefined; ; ) {
      const holds = await predicate();
      if (holds) return holds;
      if (late !== undefined) throw late;
      try {
        await this.wait({ timeout: remaining(end), signal });
      } catch (error) {
        late = asLate(error);
      }
    }
  }

  waitForSync<R>(predicate: () => R, timeout: number | undefined): R {
    const end = timeout === undefined ? undefined : performance.now() + timeout;
    for (let late: TimeoutError | undefined; ; ) {
      const holds = predicate();
      if (holds) return holds;
      if (late !== undefined) throw late;
      try {
        this.waitSync(remaining(end));
      } catch (error) {
        late = asLate(error);
      }
    }
  }

  notify(count: number): void {
    this.#checkHeld('notify');
    this.#list.underLatch(() => {
      Atomics.add(this.#words, this.#notifications, 1);
      for (let n = 0; n < count && this.#list.give(); n += 1);
    });
    this.#line.serve();
  }

  // ── for those who wait ──────────────────────────────────────────────────────────────────────────────────

  /** One that came without room, and was notified since, need not join any more. */
  join(wait: Wait): boolean {
    return this.#list.underLatch(() => {
      const now = Atomics.load(this.#words, this.#notifications);
      wait.before ??= now;
      return wait.before === now && this.#list.join();
    });
  }

  attempt(): boolean | undefined {
    return this.#list.hasNews && this.#list.underLatch(() => this.#list.notice()) ? true : undefined;
  }

  attemptOutside({ before }: Wait): boolean | undefined {
    return Atomics.load(this.#words, this.#notifications) === before ? undefined : false;
  }

  quit(isTold: boolean): boolean | undefined {
    return this.#list.underLatch(() => {
      if (!this.#list.notice()) this.#list.leave(false);
      else if (!isTold) return true;
      else if (this.#list.giveBack()) this.#list.give();
      return undefined;
    });
  }

  inspect(): void {
    this.#list.underLatch(() => {
      this.#list.reclaim(({ given }) => {
        for (let n = 0; n < given && this.#list.give(); n += 1);
      });
    });
  }

  /** It has the lock again, and so has what it was given: from now on nobody else need have it if it dies. */
  #giveBack(): void {
    this.#list.underLatch(() => this.#list.giveBack());
  }

  #checkHeld(what: string): void {
    if (this.#lock.isMine) return;
    throw new InvalidStateError(`To ${what} a condition one must hold its lock; acquire it first`);
  }
}

function remaining(end: number | undefined): number | undefined {
  return end === undefined ? undefined : Math.max(0, end - performance.now());
}

/** The time of a wait is over: what it waited for may hold all the same. @throws every other error */
function asLate(error: unknown): TimeoutError {
  if (error instanceof TimeoutError) return error;
  throw error;
}
