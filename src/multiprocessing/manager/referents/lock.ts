/** Locks of a manager. One event loop runs them all, so that between two awaits nothing changes. */

import { InvalidStateError, OwnerDiedError } from '../../../errors.ts';
import type { WaitOptions } from '../../../options.ts';
import { type Owner, thisCall } from './call.ts';
import { Waiters } from './waiters.ts';

/** Of the next who acquires what a client held whose connection ended. */
export function ownerDied(what: string): OwnerDiedError {
  return new OwnerDiedError(
    `A client that held this ${what} has ended without releasing it: look at what it protects, and acquire it again`,
  );
}

// For conditions; not methods, since those are what clients can call.
export let lockFor: (lock: Lock, owner: Owner, limits: WaitOptions) => Promise<void>;
/** Releases all of it, and gives how often it was held. */
export let unlockFor: (lock: Lock) => number;
export let setDepth: (lock: Lock, depth: number) => void;
export let isHeldFor: (lock: Lock, owner: Owner) => boolean;

/**
 * Invariants
 * 1. Nobody waits for a lock that is free: `release` hands it over, to the first in line.
 * 2. The owner, and nobody else, has the lock among its holds.
 */
export class Lock {
  #owner: Owner | undefined;
  /** How many times its owner has acquired it. */
  #depth = 0;
  /** Its owner has ended, and nobody has been told yet. */
  #orphaned = false;
  readonly #waiters = new Waiters<void, Owner>();

  async acquire(timeout?: number): Promise<void> {
    const { owner, signal } = thisCall();
    await lockFor(this, owner, { timeout, signal });
  }

  release(): void {
    const { owner } = thisCall();
    if (this.#owner === undefined) throw new InvalidStateError('The lock is not locked');
    if (this.reentrant && owner !== this.#owner) throw new InvalidStateError('Another client holds the lock');
    this.#depth -= 1;
    if (this.#depth === 0) this.#handOver();
  }

  locked(): boolean {
    return this.#owner !== undefined;
  }

  protected get reentrant(): boolean {
    return false;
  }

  #ownerEnded(owner: Owner): void {
    if (this.#owner !== owner) return;
    const first = this.#waiters.take();
    if (first === undefined) this.#orphaned = true;
    else first.reject(ownerDied('lock'));
    this.#handOver();
  }

  #handOver(): void {
    this.#owner?.holds.delete(this);
    this.#owner = undefined;
    this.#depth = 0;
    const next = this.#waiters.take();
    if (next === undefined) return;
    this.#give(next.who);
    next.resolve();
  }

  #give(owner: Owner): void {
    this.#owner = owner;
    this.#depth = 1;
    owner.holds.set(this, () => this.#ownerEnded(owner));
  }

  static {
    lockFor = async (lock, owner, limits) => {
      owner.ended.throwIfAborted();
      if (lock.reentrant && lock.#owner === owner) lock.#depth += 1;
      else if (lock.#owner !== undefined) {
        await lock.#waiters.wait(owner, limits, 'The lock was not released');
      } else if (lock.#orphaned) {
        lock.#orphaned = false;
        throw ownerDied('lock');
      } else lock.#give(owner);
    };
    unlockFor = (lock) => {
      const depth = lock.#depth;
      lock.#handOver();
      return depth;
    };
    setDepth = (lock, depth) => {
      lock.#depth = depth;
    };
    isHeldFor = (lock, owner) => (lock.reentrant ? lock.#owner === owner : lock.#owner !== undefined);
  }
}

export class RLock extends Lock {
  protected override get reentrant(): boolean {
    return true;
  }
}
