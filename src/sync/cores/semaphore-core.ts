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
 * taken for a counter. From then on acquiring takes a permit away for good, and releasing adds one. The same goes for a
 * semaphore with more holders, or more permits in one thread, than the cells can note.
 *
 * Permits go to those who wait, in their order; a newcomer gets one only if nobody waits.
 *
 * @see E. W. Dijkstra, "Cooperating sequential processes" (1965).
 */

import { InvalidStateError, OwnerDiedError } from '../../errors.ts';
import type { Block } from '../../memory/block.ts';
import { checkWait, type WaitOptions } from '../../options.ts';
import { Guard, type Guarded } from '../guard.ts';
import { Line, type Waited } from '../line.ts';
import { WAIT_LIST_WORDS, WaitList } from '../wait-list.ts';

const PERMITS = 0;
/** 1: it is used as a counter. */
const COUNTS = 1;
/** 1: a holder died, and nobody has been told yet. */
const DIED = 2;
/** The most that may be free; -1: no limit. */
const BOUND = 3;
const LIST = 4;

/** The largest number of permits: what a word holds. */
export const MOST_PERMITS: number = 2 ** 31 - 1;
/** So many permits of one thread are a hold of each; more would not fit into its cell of the list. */
const MOST_HELD = 20_000;

/** How often `tryAcquire`, in vain, asks whether the holders live, in ms. */
const ASK_MS = 10;

export const SEMAPHORE_WORDS: number = LIST + WAIT_LIST_WORDS;

export class SemaphoreCore implements Guarded, Waited<Guard> {
  readonly kind = 'semaphore';
  readonly lateness = 'No permit of the semaphore was released';
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #list: WaitList;
  readonly #line: Line<Guard>;
  #lastAsked = 0;

  constructor(block: Block, base: number) {
    this.#words = block.words;
    this.#base = base;
    this.#list = new WaitList(block, base + LIST);
    this.#line = new Line(this.#list, this);
  }

  /** For the one who makes it. */
  initialise(permits: number, isBounded: boolean): void {
    this.#set(PERMITS, permits);
    this.#set(BOUND, isBounded ? permits : -1);
    if (permits === 0) this.#set(COUNTS, 1);
  }

  /** The most that may be free; `undefined`: no limit. */
  get bound(): number | undefined {
    const bound = this.#get(BOUND);
    return bound < 0 ? undefined : bound;
  }

  /** How many could be acquired now. */
  get value(): number {
    // Looked at without the latch it may be off by what changes hands meanwhile.
    return Math.max(0, this.#get(PERMITS) - this.#list.given);
  }

  async acquire(options: WaitOptions): Promise<Guard> {
    checkWait(options);
    return this.#acquireAtOnce() ?? (await this.#line.wait(options, undefined));
  }

  acquireSync(timeout: number | undefined): Guard {
    return this.#acquireAtOnce() ?? this.#line.waitSync(timeout, undefined);
  }

  tryAcquire(): Guard | null {
    const guard = this.#acquireAtOnce();
    if (guard !== undefined || !this.#isTimeToInspect()) return guard ?? null;
    this.inspect();
    return this.#acquireAtOnce() ?? null;
  }

  /** @throws InvalidStateError beyond the bound, or beyond what can be counted; then it has released none of them */
  release(count: number): void {
    this.#list.underLatch(() => {
      const { bound } = this;
      if (bound !== undefined && this.value + count > bound) {
        throw new InvalidStateError(
          `The semaphore has ${bound} permits; ${this.value} of them are free, so ${count} cannot be released`,
        );
      }
      const more = Math.max(0, count - this.#list.takenHere);
      if (this.#get(PERMITS) + more > MOST_PERMITS) {
        throw new InvalidStateError(
          `The semaphore has ${this.value} permits, and cannot have ${count} more: the most is ${MOST_PERMITS}`,
        );
      }
      for (let n = more; n < count; n += 1) this.#list.giveBack();
      if (more > 0) {
        this.#count();
        this.#set(PERMITS, this.#get(PERMITS) + more);
      }
      this.#distribute();
    });
    this.#line.serve();
  }

  releaseHold(): void {
    this.release(1);
  }

  // ── for those who wait ──────────────────────────────────────────────────────────────────────────────────

  join(): boolean {
    return this.#list.underLatch(() => this.#list.join());
  }

  attempt(): Guard | undefined {
    if (!this.#list.hasNews && this.value <= 0 && this.#get(DIED) === 0) return undefined;
    return this.#list.underLatch(() => {
      this.#tellDeath();
      this.#distribute();
      return this.#notice();
    });
  }

  attemptOutside(): Guard | undefined {
    return this.#acquireAtOnce();
  }

  quit(isTold: boolean): Guard | undefined {
    return this.#list.underLatch(() => {
      if (!this.#list.hasNews) this.#list.leave(false);
      else if (!isTold) return this.#notice();
      else if (this.#list.notice() && this.#list.giveBack()) this.#distribute();
      return undefined;
    });
  }

  inspect(): void {
    this.#list.underLatch(() => {
      this.#list.reclaim(({ taken }) => {
        if (taken > 0 && this.#get(COUNTS) === 0) this.#set(DIED, 1);
      });
      this.#distribute();
    });
  }

  // ── permits, under the latch ────────────────────────────────────────────────────────────────────────────

  #isTimeToInspect(): boolean {
    const now = performance.now();
    if (now - this.#lastAsked < ASK_MS) return false;
    this.#lastAsked = now;
    return true;
  }

  #tellDeath(): void {
    if (this.#get(DIED) === 0) return;
    this.#set(DIED, 0);
    throw new OwnerDiedError(
      'A thread or process that held a permit of the semaphore ended without releasing it',
    );
  }

  /** Takes the latch. Undefined: there is no permit, or others wait for it. */
  #acquireAtOnce(): Guard | undefined {
    return this.#list.underLatch(() => {
      this.#tellDeath();
      if (this.#list.first() >= 0 || this.value <= 0) return undefined;
      if (this.#get(COUNTS) !== 0) this.#set(PERMITS, this.#get(PERMITS) - 1);
      else if (!this.#list.take()) {
        this.#count();
        this.#set(PERMITS, this.#get(PERMITS) - 1);
      } else if (this.#list.takenHere > MOST_HELD) this.#count();
      return new Guard(this, 0);
    });
  }

  /** One that was given to this thread. */
  #notice(): Guard | undefined {
    if (!this.#list.notice()) return undefined;
    // In a counter, what was acquired is gone. Killed in between, it has not acquired it.
    if (this.#get(COUNTS) !== 0 || this.#list.takenHere > MOST_HELD) this.#count();
    return new Guard(this, 0);
  }

  /** From now on it is a counter, and what was acquired is gone. */
  #count(): void {
    this.#set(COUNTS, 1);
    this.#list.useUp((taken) => this.#set(PERMITS, this.#get(PERMITS) - taken));
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
}
