import { InvalidStateError } from '../../../errors.ts';
import { checkCount } from '../../../options.ts';
import { type Owner, thisCall } from './call.ts';
import { ownerDied } from './lock.ts';
import { Waiters } from './waiters.ts';

/**
 * Permits that a client has acquired come back when its connection ends. But once a client has released what it did not
 * acquire, the semaphore is a counter, of which nobody knows whose the permits are, and nothing comes back.
 */
export class Semaphore {
  #value: number;
  readonly #most: number;
  readonly #held = new Map<Owner, number>();
  #isCounter = false;
  #orphaned = false;
  readonly #waiters = new Waiters<void, Owner>();

  constructor(value: number = 1, most: number = Infinity) {
    checkCount('value', value, 0);
    this.#value = value;
    this.#most = most;
  }

  async acquire(timeout?: number): Promise<void> {
    const { owner, signal } = thisCall();
    owner.ended.throwIfAborted();
    if (this.#orphaned) {
      this.#orphaned = false;
      throw ownerDied('semaphore');
    }
    if (this.#value > 0) this.#give(owner);
    else await this.#waiters.wait(owner, { timeout, signal }, 'No permit was released');
  }

  release(n: number = 1): void {
    checkCount('n', n, 1);
    const { owner } = thisCall();
    if (this.#value + n > this.#most) {
      throw new InvalidStateError(
        `release(${n}) would give this semaphore ${this.#value + n} permits, and it began with ${this.#most}`,
      );
    }
    const held = (this.#held.get(owner) ?? 0) - n;
    if (held < 0) this.#isCounter = true;
    if (held > 0) this.#held.set(owner, held);
    else this.#forget(owner);
    this.#value += n;
    this.#serve();
  }

  value(): number {
    return this.#value;
  }

  #ownerEnded(owner: Owner): void {
    const held = this.#held.get(owner) ?? 0;
    this.#forget(owner);
    if (held === 0 || this.#isCounter) return;
    this.#value += held;
    const first = this.#waiters.take();
    if (first === undefined) this.#orphaned = true;
    else first.reject(ownerDied('semaphore'));
    this.#serve();
  }

  #serve(): void {
    while (this.#value > 0) {
      const next = this.#waiters.take();
      if (next === undefined) return;
      this.#give(next.who);
      next.resolve();
    }
  }

  #give(owner: Owner): void {
    this.#value -= 1;
    this.#held.set(owner, (this.#held.get(owner) ?? 0) + 1);
    owner.holds.set(this, () => this.#ownerEnded(owner));
  }

  #forget(owner: Owner): void {
    this.#held.delete(owner);
    owner.holds.delete(this);
  }
}

export class BoundedSemaphore extends Semaphore {
  constructor(value: number = 1) {
    super(value, value);
  }
}
