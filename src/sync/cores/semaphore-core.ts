/**
 * A number of permits, for those who block and those who await, which come back when their holder dies.
 *
 *   free = permits - all that is given (in the cells of the wait list)
 *
 * So to take a permit, to give it back, and to hand one to a waiter is one store each, and a cell that is freed since its
 * thread has died gives back by that alone what the thread had.
 *
 * Not every permit is a hold. Of the two semaphores of a bounded buffer each is acquired by one side and released by the
 * other, and a permit that a consumer has used up must not come back when it ends. Nobody says which of the two
 * a semaphore is, but it shows: once a thread releases what it has not acquired, or if it begins with none, it is
 * taken for a counter. From then on acquiring takes a permit away for good, and releasing adds one.
 *
 * Permits go to those who wait, in their order; a newcomer gets one only if nobody waits.
 *
 * @see E. W. Dijkstra, "Cooperating sequential processes" (1965).
 */

import { InvalidStateError, OwnerDiedError } from '../../errors.ts';
import type { Block } from '../../memory/block.ts';
import { Latch } from '../../memory/latch.ts';
import type { WaitOptions } from '../../options.ts';
import { Guard, type Guarded } from '../guard.ts';
import { Line, type Waited } from '../line.ts';
import { WAIT_LIST_WORDS, WaitList } from '../wait-list.ts';

const LATCH = 0;
const PERMITS = 1;
/** 1: it is used as a counter. */
const COUNTS = 2;
/** 1: a holder died, and nobody has been told yet. */
const DIED = 3;
/** The most that may be free; -1: no limit. */
const BOUND = 4;
const LIST = 5;

/** How often `tryAcquire`, in vain, asks whether the holders live, in ms. */
const ASK_MS = 10;

export const SEMAPHORE_WORDS: number = LIST + WAIT_LIST_WORDS;

export class SemaphoreCore implements Guarded, Waited<Guard> {
  readonly lateness = 'No permit of the semaphore was released';
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #latch: Latch;
  readonly #list: WaitList;
  readonly #line: Line<Guard>;
  #lastAsked = 0;

  constructor(block: Block, base: number) {
    this.#words = block.words;
    this.#base = base;
    this.#latch = new Latch(block.words, base + LATCH);
    this.#list = new WaitList(block, base + LIST);
    this.#line = new Line(this.#list, this);
  }

  /** For the one who makes it. */
  initialise(permits: number, isBounded: boolean): void {
    this.#set(PERMITS, permits);
    this.#set(BOUND, isBounded ? permits : -1);
    if (permits === 0) this.#set(COUNTS, 1);
  }

  /** How many could be acquired now. */
  get value(): number {
    return this.#get(PERMITS) - this.#list.given;
  }

  acquire(options: WaitOptions): Promise<Guard> {
    return this.#line.wait(options, undefined);
  }

  acquireSync(timeout: number | undefined): Guard {
    return this.#line.waitSync(timeout, undefined);
  }

  tryAcquire(): Guard | null {
    if (this.value <= 0) this.#inspectNowAndThen();
    return this.#underLatch(() => {
      this.#tellDeath();
      return !this.#list.isWaitedFor && this.#takeFree() ? new Guard(this, 0) : null;
    });
  }

  /** @throws InvalidStateError beyond the bound; then it has released none of them */
  release(count: number): void {
    this.#underLatch(() => {
      const bound = this.#get(BOUND);
      if (bound >= 0 && this.value + count > bound) {
        throw new InvalidStateError(
          `The semaphore has ${bound} permits; ${this.value} of them are free, so ${count} cannot be released`,
        );
      }
      for (let n = 0; n < count; n += 1) this.#releaseOne();
      this.#distribute();
    });
    this.#line.serve();
  }

  releaseHold(): void {
    this.release(1);
  }

  // ── for those who wait ──────────────────────────────────────────────────────────────────────────────────

  join(): boolean {
    return this.#underLatch(() => this.#list.join());
  }

  attempt(): Guard | undefined {
    if (!this.#list.hasNews && this.value <= 0 && this.#get(DIED) === 0) return undefined;
    return this.#underLatch(() => {
      this.#tellDeath();
      this.#distribute();
      return this.#notice();
    });
  }

  quit(): Guard | undefined {
    return this.#underLatch(() => {
      const guard = this.#notice();
      if (guard === undefined) this.#list.leave(false);
      return guard;
    });
  }

  inspect(): void {
    this.#underLatch(() => {
      const { given } = this.#list.reclaim();
      if (given > 0 && this.#get(COUNTS) === 0) this.#set(DIED, 1);
      this.#distribute();
    });
  }

  // ── permits, under the latch ────────────────────────────────────────────────────────────────────────────

  #inspectNowAndThen(): void {
    const now = performance.now();
    if (now - this.#lastAsked < ASK_MS) return;
    this.#lastAsked = now;
    this.inspect();
  }

  #tellDeath(): void {
    if (this.#get(DIED) === 0) return;
    this.#set(DIED, 0);
    throw new OwnerDiedError(
      'A thread or process that held a permit of the semaphore ended without releasing it',
    );
  }

  /** One that was given to this thread. */
  #notice(): Guard | undefined {
    if (!this.#list.notice()) return undefined;
    this.#useUp();
    return new Guard(this, 0);
  }

  #takeFree(): boolean {
    if (this.value <= 0) return false;
    if (this.#get(COUNTS) !== 0) {
      this.#set(PERMITS, this.#get(PERMITS) - 1);
      return true;
    }
    return this.#list.take();
  }

  /** In a counter, what was acquired is gone. Killed in between, it has not acquired it. */
  #useUp(): void {
    if (this.#get(COUNTS) === 0) return;
    while (this.#list.giveBack()) this.#set(PERMITS, this.#get(PERMITS) - 1);
  }

  #releaseOne(): void {
    if (this.#get(COUNTS) === 0) {
      if (this.#list.giveBack()) return;
      this.#set(COUNTS, 1);
    }
    this.#useUp();
    this.#set(PERMITS, this.#get(PERMITS) + 1);
  }

  #distribute(): void {
    while (this.value > 0 && this.#list.give());
  }

  #get(field: number): number {
    return Atomics.load(this.#words, this.#base + field);
  }

  #set(field: number, value: number): void {
    Atomics.store(this.#words, this.#base + field, value);
  }

  #underLatch<R>(steps: () => R): R {
    this.#latch.lock();
    try {
      return steps();
    } finally {
      this.#latch.unlock();
    }
  }
}
