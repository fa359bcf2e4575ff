import { InvalidStateError, OwnerDiedError } from '../../../errors.ts';
import { checkCount } from '../../../options.ts';
import { type Owner, thisCall } from './call.ts';
import { isHeldFor, type Lock, lockFor, RLock, setDepth, unlockFor } from './lock.ts';
import { Waiters } from './waiters.ts';

export class Condition {
  readonly #lock: Lock;
  readonly #waiters = new Waiters<void, Owner>();

  constructor(lock: Lock = new RLock()) {
    this.#lock = lock;
  }

  acquire(timeout?: number): Promise<void> {
    return this.#lock.acquire(timeout);
  }

  release(): void {
    this.#lock.release();
  }

  locked(): boolean {
    return this.#lock.locked();
  }

  async wait(timeout?: number): Promise<void> {
    const { owner, signal } = thisCall();
    // In line before the lock is free: who acquires it then and notifies finds this one.
    this.#assertHeld(owner);
    const notified = this.#waiters.wait(owner, { timeout, signal }, 'The condition was not notified');
    notified.catch(() => undefined);
    const depth = unlockFor(this.#lock);
    const died = await this.#lockAgain(owner, depth, notified);
    await notified;
    if (died !== undefined) throw died;
  }

  notify(n: number = 1): void {
    checkCount('n', n, 0);
    this.#assertHeld(thisCall().owner);
    for (let left = n; left > 0; left -= 1) {
      const next = this.#waiters.take();
      if (next === undefined) return;
      next.resolve();
    }
  }

  notifyAll(): void {
    this.#assertHeld(thisCall().owner);
    this.#waiters.resolveAll();
  }

  /** Not even a client that gives up goes on without the lock; one that is gone does. */
  async #lockAgain(
    owner: Owner,
    depth: number,
    notified: Promise<void>,
  ): Promise<OwnerDiedError | undefined> {
    await notified.catch(() => undefined);
    let died: OwnerDiedError | undefined;
    for (;;) {
      try {
        await lockFor(this.#lock, owner, { signal: owner.ended });
        setDepth(this.#lock, depth);
        return died;
      } catch (error) {
        if (!(error instanceof OwnerDiedError)) throw error;
        died = error;
      }
    }
  }

  #assertHeld(owner: Owner): void {
    if (isHeldFor(this.#lock, owner)) return;
    throw new InvalidStateError('This client does not hold the lock of the condition');
  }
}
