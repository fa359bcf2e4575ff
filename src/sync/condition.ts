import { checkCount, checkDuration, type SyncWaitOptions, type WaitOptions } from '../options.ts';
import { CONDITION_WORDS, ConditionCore, type Suspendable } from './cores/condition-core.ts';
import { suspendables } from './cores/suspendables.ts';
import type { Guard } from './guard.ts';
import type { Lock } from './lock.ts';
import type { RLock } from './rlock.ts';
import { type Place, SharedObject } from './shared-object.ts';

/**
 * Lets those who hold a lock wait for a change that others make under it.
 *
 * @see CPython `threading.Condition`
 * @example
 * await condition.withLock(async () => {
 *   await condition.waitFor(() => jobs.length > 0);
 *   run(jobs.pop());
 * });
 */
export class Condition extends SharedObject {
  /** The lock that goes with it. */
  readonly lock: Lock | RLock;
  readonly #core: ConditionCore;

  /** @internal */
  constructor(place: Place, lock: Lock | RLock) {
    super(place, CONDITION_WORDS);
    this.lock = lock;
    this.#core = new ConditionCore(suspendables.get(lock) as Suspendable, this.block, 0);
  }

  /** Its lock, without which it is of no use, goes along. */
  protected override get along(): readonly SharedObject[] {
    return [this.lock];
  }

  protected override get state(): string {
    return `${this.lock}`;
  }

  get locked(): boolean {
    return this.lock.locked;
  }

  /** As that of the lock. */
  acquire(options: WaitOptions = {}): Promise<Guard> {
    return this.lock.acquire(options);
  }

  acquireSync(options: SyncWaitOptions = {}): Guard {
    return this.lock.acquireSync(options);
  }

  tryAcquire(): Guard | null {
    return this.lock.tryAcquire();
  }

  release(): void {
    this.lock.release();
  }

  withLock<R>(fn: () => R | PromiseLike<R>, options: WaitOptions = {}): Promise<R> {
    return this.lock.withLock(fn, options);
  }

  /**
   * Lets go of the lock, however often it is held, waits until notified, and holds it again, also when it rejects.
   *
   * @throws InvalidStateError if the lock is not held in this thread; TimeoutError, `signal.reason`, OwnerDiedError
   */
  wait(options: WaitOptions = {}): Promise<void> {
    return this.#core.wait(options);
  }

  /** The same, and blocks this thread meanwhile. */
  waitSync({ timeout }: SyncWaitOptions = {}): void {
    checkDuration('timeout', timeout);
    this.#core.waitSync(timeout);
  }

  /** Waits until `predicate`, which is called with the lock held, gives something true, and gives that. */
  waitFor<R>(predicate: () => R | PromiseLike<R>, options: WaitOptions = {}): Promise<R> {
    return this.#core.waitFor(predicate, options);
  }

  waitForSync<R>(predicate: () => R, { timeout }: SyncWaitOptions = {}): R {
    checkDuration('timeout', timeout);
    return this.#core.waitForSync(predicate, timeout);
  }

  /**
   * Wakes `count` of those who wait, those who came first; they go on when they have the lock.
   *
   * @throws InvalidStateError if the lock is not held in this thread
   */
  notify(count = 1): void {
    checkCount('count', count, 0);
    this.#core.notify(count);
  }

  notifyAll(): void {
    this.#core.notify(Infinity);
  }
}
