/**
 * Locks and their like in a manager's process. They differ from those of `src/sync` in what a holder is: a client, which is
 * a thread with a connection to the manager. All functions of a thread are one owner. What a client holds is released
 * when its connection ends, and the next who acquires it is told so by an OwnerDiedError, once.
 *
 * Waits take `{ timeout, signal }`, reject with TimeoutError or `signal.reason`, and lose nothing: a signal that fires when
 * the lock was acquired already comes too late.
 */

import { InvalidStateError, TimeoutError } from '../../../errors.ts';
import { checkWait, type WaitOptions } from '../../../options.ts';
import { BaseProxy, callOn } from './base.ts';

/** The right to release what was acquired, once. */
export class ManagedGuard implements AsyncDisposable {
  readonly #release: () => Promise<void>;
  #released = false;

  constructor(release: () => Promise<void>) {
    this.#release = release;
  }

  /** @throws InvalidStateError if this guard, or somebody else, has released it already */
  async release(): Promise<void> {
    if (this.#released) throw new InvalidStateError('This guard has released what it held already');
    this.#released = true;
    await this.#release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#released) await this.release();
  }
}

/** Calls a method that waits. */
export async function waitOn<T = void>(
  proxy: BaseProxy,
  method: string,
  args: readonly unknown[],
  options: WaitOptions,
): Promise<T> {
  checkWait(options);
  const { timeout, signal } = options;
  return await callOn<T>(proxy, method, [...args, timeout], signal);
}

/** What can be acquired. @see CPython `AcquirerProxy` */
abstract class Acquirer extends BaseProxy {
  /** @throws TimeoutError; `signal.reason`; OwnerDiedError when a holder is gone that had not released it */
  async acquire(options: WaitOptions = {}): Promise<ManagedGuard> {
    await waitOn(this, 'acquire', [], options);
    return new ManagedGuard(() => this.release());
  }

  /** Acquires it if that needs no waiting. */
  async tryAcquire(): Promise<ManagedGuard | null> {
    try {
      return await this.acquire({ timeout: 0 });
    } catch (error) {
      if (error instanceof TimeoutError) return null;
      throw error;
    }
  }

  /** @throws InvalidStateError if it cannot be released */
  release(): Promise<void> {
    return callOn(this, 'release');
  }

  /** Acquires it, calls `fn`, and releases it whatever happens. */
  async withLock<T>(fn: () => T | Promise<T>, options: WaitOptions = {}): Promise<T> {
    await using _guard = await this.acquire(options);
    return await fn();
  }
}

/** A lock that any client may release. */
export class ManagedLock extends Acquirer {
  locked(): Promise<boolean> {
    return callOn(this, 'locked');
  }
}

/** A lock that a client may acquire again and again, and that it alone may release. */
export class ManagedRLock extends Acquirer {
  locked(): Promise<boolean> {
    return callOn(this, 'locked');
  }
}

/** Also of a `BoundedSemaphore`. */
export class ManagedSemaphore extends Acquirer {
  /** @throws InvalidStateError where that is more than a bounded one began with; RangeError for `n` below 1 */
  override release(n: number = 1): Promise<void> {
    return callOn(this, 'release', [n]);
  }

  /** How many permits there are. */
  value(): Promise<number> {
    return callOn(this, 'value');
  }
}

/** @see CPython `ConditionProxy` */
export class ManagedCondition extends Acquirer {
  locked(): Promise<boolean> {
    return callOn(this, 'locked');
  }

  /**
   * Releases the lock, waits to be notified, and acquires the lock again, also before it rejects.
   *
   * @throws InvalidStateError unless this client holds the lock; TimeoutError; `signal.reason`
   */
  wait(options: WaitOptions = {}): Promise<void> {
    return waitOn(this, 'wait', [], options);
  }

  /** Waits until `predicate` gives something true, and resolves to that. It is called here, while the lock is held. */
  async waitFor<T>(predicate: () => T | Promise<T>, options: WaitOptions = {}): Promise<T> {
    checkWait(options);
    const { timeout = Infinity, signal } = options;
    const end = performance.now() + timeout;
    for (;;) {
      const result = await predicate();
      if (result) return result;
      const left = end - performance.now();
      try {
        await this.wait({ timeout: Math.max(0, left), signal });
      } catch (error) {
        if (!(error instanceof TimeoutError)) throw error;
        const last = await predicate();
        if (last) return last;
        throw error;
      }
    }
  }

  /** Wakes up to `n` of those who wait. @throws InvalidStateError unless the lock is held */
  notify(n: number = 1): Promise<void> {
    return callOn(this, 'notify', [n]);
  }

  notifyAll(): Promise<void> {
    return callOn(this, 'notifyAll');
  }
}

/** @see CPython `EventProxy` */
export class ManagedEvent extends BaseProxy {
  isSet(): Promise<boolean> {
    return callOn(this, 'isSet');
  }

  set(): Promise<void> {
    return callOn(this, 'set');
  }

  clear(): Promise<void> {
    return callOn(this, 'clear');
  }

  /** @throws TimeoutError; `signal.reason` */
  wait(options: WaitOptions = {}): Promise<void> {
    return waitOn(this, 'wait', [], options);
  }
}

/** @see CPython `BarrierProxy` */
export class ManagedBarrier extends BaseProxy {
  /**
   * Waits for all parties, and resolves to a number of its own for each, from 0 on. A party that gives up, or whose
   * process ends, breaks the barrier.
   *
   * @throws BrokenBarrierError; TimeoutError and `signal.reason` for the party that gives up; what the action throws, for
   *   the party that came last
   */
  wait(options: WaitOptions = {}): Promise<number> {
    return waitOn(this, 'wait', [], options);
  }

  /** Those who wait fail, and it can be used again. */
  reset(): Promise<void> {
    return callOn(this, 'reset');
  }

  /** Breaks it. */
  abort(): Promise<void> {
    return callOn(this, 'abort');
  }

  parties(): Promise<number> {
    return callOn(this, 'parties');
  }

  /** How many wait now. Python's `n_waiting`. */
  waiting(): Promise<number> {
    return callOn(this, 'waiting');
  }

  broken(): Promise<boolean> {
    return callOn(this, 'broken');
  }
}
