import { checkCount, checkDuration, type SyncWaitOptions, type WaitOptions } from '../options.ts';
import { MOST_PERMITS, SEMAPHORE_WORDS, SemaphoreCore } from './cores/semaphore-core.ts';
import type { Guard } from './guard.ts';
import { type Place, SharedObject } from './shared-object.ts';

/**
 * A number of permits: `acquire` takes one, or waits for one, `release` gives one back. First come, first served.
 *
 * When a thread or process ends with permits that it has not released, they come back, and one who acquires is told by
 * an `OwnerDiedError`. Not so with a semaphore that counts: that begins with 0, or on which somebody released what he
 * had not acquired. There an acquire uses a permit up.
 *
 * @see CPython `threading.Semaphore`
 * @example
 * using permit = await connections.acquire();
 * await fetch(url);
 */
export class Semaphore extends SharedObject {
  readonly #core: SemaphoreCore;

  /**
   * @internal
   * @throws RangeError or TypeError if `value` is not a whole number >= 0
   */
  constructor(place: Place, value = 1, isBounded = false) {
    checkCount('value', value, 0);
    if (value > MOST_PERMITS) throw new RangeError(`value must be <= ${MOST_PERMITS}, received ${value}`);
    super(place, SEMAPHORE_WORDS);
    this.#core = new SemaphoreCore(this.block, 0);
    if (this.isNew) this.#core.initialise(value, isBounded);
  }

  protected override get state(): string {
    const { bound } = this.#core;
    return bound === undefined ? `value ${this.value}` : `value ${this.value} of ${bound}`;
  }

  /** How many permits could be acquired now. @see CPython `multiprocessing.Semaphore.get_value` */
  get value(): number {
    return this.#core.value;
  }

  /** Whether one would have to wait. */
  get locked(): boolean {
    return this.#core.value === 0;
  }

  /** Waits for a permit. @throws TimeoutError, `signal.reason`, OwnerDiedError, RangeError for a wrong timeout */
  acquire(options: WaitOptions = {}): Promise<Guard> {
    return this.#core.acquire(options);
  }

  /** The same, and blocks this thread meanwhile. */
  acquireSync({ timeout }: SyncWaitOptions = {}): Guard {
    checkDuration('timeout', timeout);
    return this.#core.acquireSync(timeout);
  }

  /** Takes a permit if there is one and nobody waits for it; else `null`. @throws OwnerDiedError */
  tryAcquire(): Guard | null {
    return this.#core.tryAcquire();
  }

  /**
   * Adds `count` permits, or gives back as many.
   *
   * @throws RangeError or TypeError if `count` is not a whole number >= 1; InvalidStateError if there would be more than
   *   there can be, and then none is released
   */
  release(count = 1): void {
    checkCount('count', count, 1);
    this.#core.release(count);
  }

  /** Calls `fn` with a permit, and gives what it gives. */
  async withLock<R>(fn: () => R | PromiseLike<R>, options: WaitOptions = {}): Promise<R> {
    using _ = await this.acquire(options);
    return await fn();
  }
}

/**
 * A semaphore that never has more permits than it began with: to release one too many is an `InvalidStateError`, as it
 * is a mistake in the program.
 *
 * @see CPython `threading.BoundedSemaphore`
 */
export class BoundedSemaphore extends Semaphore {
  /** @internal */
  constructor(place: Place, value = 1) {
    super(place, value, true);
  }
}
