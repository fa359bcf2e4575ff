import { checkDuration, type SyncWaitOptions } from '../options.ts';
import {
  REENTRANT_LOCK_WORDS,
  ReentrantLockCore,
  type ReentrantWaitOptions,
} from './cores/reentrant-lock-core.ts';
import { suspendables } from './cores/suspendables.ts';
import type { Guard } from './guard.ts';
import { type Place, SharedObject } from './shared-object.ts';

/**
 * A lock that its owner may acquire again, and releases as often.
 *
 * The owner is the thread for the blocking form. Functions that await share their thread with others, so for them it
 * is whatever `withLock(fn)` calls, and whoever has a guard: `acquire({ within: guard })`. Otherwise as `Lock`.
 *
 * @see CPython `threading.RLock`, where the owner is always the thread
 * @example
 * await lock.withLock(async () => {
 *   await lock.withLock(audit);
 * });
 */
export class RLock extends SharedObject {
  readonly #core: ReentrantLockCore;

  /** @internal */
  constructor(place: Place) {
    super(place, REENTRANT_LOCK_WORDS);
    this.#core = new ReentrantLockCore(this.block, 0);
    suspendables.set(this, this.#core);
  }

  protected override get state(): string {
    return this.#core.state;
  }

  /** Whether somebody holds it, be it the caller or another. */
  get locked(): boolean {
    return this.#core.locked;
  }

  /**
   * Waits until the lock is held; at once if the caller holds it already.
   *
   * @throws TimeoutError, `signal.reason`, OwnerDiedError, RangeError for a wrong timeout, InvalidStateError if `within`
   *   does not hold this lock
   */
  acquire(options: ReentrantWaitOptions = {}): Promise<Guard> {
    return this.#core.acquire(options);
  }

  /**
   * The same, and blocks this thread meanwhile.
   *
   * @throws InvalidStateError if a function of this thread that awaits holds it: it could never release it
   */
  acquireSync({ timeout }: SyncWaitOptions = {}): Guard {
    checkDuration('timeout', timeout);
    return this.#core.acquireSync(timeout);
  }

  /** Takes it, on behalf of the thread, if it is free or the caller's; else `null`. @throws OwnerDiedError */
  tryAcquire(): Guard | null {
    return this.#core.tryAcquire();
  }

  /** Takes back one acquire. @throws InvalidStateError if the caller does not hold it */
  release(): void {
    this.#core.release();
  }

  /** Calls `fn` with the lock held. Whatever `fn` calls, also after an await, may acquire it again. */
  async withLock<R>(fn: () => R | PromiseLike<R>, options: ReentrantWaitOptions = {}): Promise<R> {
    return await this.#core.withLock(fn, options);
  }
}
