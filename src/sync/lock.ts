import { checkDuration, type SyncWaitOptions, type WaitOptions } from '../options.ts';
import { LOCK_WORDS, LockCore } from './cores/lock-core.ts';
import { suspendables } from './cores/suspendables.ts';
import type { Guard } from './guard.ts';
import { type Place, SharedObject } from './shared-object.ts';

/**
 * A mutual exclusion lock, which one holds at a time, be it a function that awaits or a thread that blocks.
 *
 * It is not reentrant, and anybody may release it. It goes to whoever comes first when it is free, but nobody who
 * waits is passed by more than 64 times. When its holder's thread or process ends, one of those who wait, or who come
 * next, is told by an `OwnerDiedError`; then it is as usable as before.
 *
 * @see CPython `threading.Lock`
 * @example
 * using guard = await lock.acquire({ timeout: 1000 });
 * account.balance -= 10;
 */
export class Lock extends SharedObject {
  readonly #core: LockCore;

  /** @internal */
  constructor(place: Place) {
    super(place, LOCK_WORDS);
    this.#core = new LockCore(this.block, 0);
    suspendables.set(this, this.#core);
  }

  protected override get state(): string {
    return this.#core.state;
  }

  /** Whether somebody holds it. It may be otherwise as soon as you know. */
  get locked(): boolean {
    return this.#core.locked;
  }

  /**
   * Waits until the lock is held.
   *
   * @throws TimeoutError, `signal.reason`, OwnerDiedError, RangeError for a wrong timeout
   */
  acquire(options: WaitOptions = {}): Promise<Guard> {
    return this.#core.acquire(options);
  }

  /** The same, and blocks this thread meanwhile: nothing else that needs its event loop happens. */
  acquireSync({ timeout }: SyncWaitOptions = {}): Guard {
    checkDuration('timeout', timeout);
    return this.#core.acquireSync(timeout);
  }

  /** Takes it if it is free; else `null`. @throws OwnerDiedError */
  tryAcquire(): Guard | null {
    return this.#core.tryAcquire();
  }

  /**
   * Releases it, whoever holds it. `guard.release()` makes sure that it is you.
   *
   * @throws InvalidStateError if nobody holds it
   */
  release(): void {
    this.#core.release();
  }

  /** Calls `fn` with the lock held, and gives what it gives. */
  async withLock<R>(fn: () => R | PromiseLike<R>, options: WaitOptions = {}): Promise<R> {
    using _ = await this.acquire(options);
    return await fn();
  }
}
