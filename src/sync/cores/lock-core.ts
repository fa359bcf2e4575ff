/**
 * A lock for threads and processes, for those who block and those who await, that outlives its owner.
 *
 *   owner word    0          free: whoever comes may take it
 *                 n          held by thread n
 *                 -n         free, and reserved for thread n, which waits
 *
 *              acquire: 0 → me          release: me → 0; if somebody waits,
 *                                          usually   me → 0, and the first in line is roused, which takes it unless a newcomer does
 *                                          but once `MOST_PASSES` newcomers have passed it by: me → -first
 *
 * Why newcomers may pass: to wake a thread takes some 50 us, in which the lock would lie idle if it were handed over
 * each time; those who come by meanwhile use it a hundred times. Why not for ever: then one that sleeps in its event loop
 * would never get it from two that block. So a thread waits for `MOST_PASSES` hand-overs at most for each thread in
 * line before it, and then for its own turn.
 *
 * Invariants
 * 1. The owner word names who has it from the instruction that takes it. Whoever dies with it is found out by those who
 *    wait, by asking the system (`memory/owner.ts`), and one of them is told, by an `OwnerDiedError`.
 * 2. A reservation (-n) of a thread that died is nobody's loss: it goes to the next in silence.
 * 3. Whoever frees the lock looks for waiters after that, or frees it under the latch; whoever waits has joined the list,
 *    under the latch, before it looks at the owner word for the last time. One of them sees the other.
 * 4. Whoever was roused, and does not take the lock (its time is over), rouses the next.
 */

import { InvalidStateError, OwnerDiedError } from '../../errors.ts';
import type { Block } from '../../memory/block.ts';
import { isAlive, ownerWord, threadNumber } from '../../memory/owner.ts';
import { checkWait, type WaitOptions } from '../../options.ts';
import { detection } from '../deadlocks/mode.ts';
import { acquireSeen, awaitFor, blockFor, type Watched, watched } from '../deadlocks/watch.ts';
import { Guard, type Guarded } from '../guard.ts';
import { Line, type Waited } from '../line.ts';
import { WAIT_LIST_WORDS, WaitList } from '../wait-list.ts';
import type { Suspendable, Suspended } from './condition-core.ts';

const OWNER = 0;
/** How many times it was freed since somebody is first in line. */
const PASSES = 1;
const LIST = 2;

export const LOCK_WORDS: number = LIST + WAIT_LIST_WORDS;

const FREE = 0;
/**
 * Lower, and locks that are fought for change hands more slowly: with 1 every hand-over wakes a thread. Higher, and the
 * first in line waits longer.
 */
export const MOST_PASSES = 64;
/**
 * Between two looks, in steps of about a nanosecond. Each look takes the memory from whoever has the lock, so they become
 * rarer: meanwhile that one has had it a hundred times, at full speed.
 */
const SHORTEST_PAUSE = 64;
const LONGEST_PAUSE = 16_384;
const NO_LIMITS: WaitOptions = {};
/** How often `tryAcquire`, in vain, asks whether the owner lives, in ms. */
const ASK_MS = 10;

export class LockCore implements Guarded, Suspendable, Waited<Guard> {
  readonly kind = 'lock';
  readonly lateness = 'The lock was not released';
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #me: number = ownerWord();
  readonly #list: WaitList;
  readonly #line: Line<Guard>;
  /** What the search for deadlocks has to know of it. */
  readonly watched: Watched | undefined;
  /** The number of the hold that is this thread's now, or was: a guard of an earlier one must not end a later one. */
  #hold = 0;
  #holds = 0;
  #lastAsked = 0;

  /**
   * @param base the first of `LOCK_WORDS` words, all 0 at first
   * @param kind of lock, for users
   */
  constructor(block: Block, base: number, kind = 'Lock') {
    this.#words = block.words;
    this.#base = base;
    this.#list = new WaitList(block, base + LIST);
    this.#line = new Line(this.#list, this);
    this.watched = watched(block, base + OWNER, kind, {
      hold: () => this.#hold,
      isHeld: (hold) => hold === this.#hold && this.isMine,
    });
  }

  get holder(): number | undefined {
    const owner = this.#owner;
    return owner > 0 ? threadNumber(owner) : undefined;
  }

  get locked(): boolean {
    return this.#owner > 0;
  }

  /** For those who print it. */
  get state(): string {
    const owner = this.#owner;
    if (owner <= 0) return 'unlocked';
    return owner === this.#me ? 'locked by this thread' : `locked by thread ${threadNumber(owner)}`;
  }

  /** Whether this thread has it, whoever in it. */
  get isMine(): boolean {
    return this.#owner === this.#me;
  }

  acquire(options: WaitOptions = NO_LIMITS): Promise<Guard> {
    return detection.isOn
      ? acquireSeen(this.watched, () => this.acquireFor(options))
      : this.acquireFor(options);
  }

  /** The same for one that is seen by others, as `acquire` is here. */
  async acquireFor(options: WaitOptions): Promise<Guard> {
    if (options !== NO_LIMITS) checkWait(options);
    if (this.#take(FREE)) return this.#guard();
    if (!detection.isOn) return await this.#line.wait(options, undefined);
    return await awaitFor(this.watched, options, (limits) => this.#line.wait(limits, undefined));
  }

  /** @param mustHave no deadlock ends it */
  acquireSync(timeout: number | undefined, mustHave = false): Guard {
    if (this.#take(FREE) || (timeout !== 0 && this.#takeSoon())) return this.#guard();
    if (!detection.isOn || (timeout ?? Infinity) !== Infinity) return this.#line.waitSync(timeout, undefined);
    return blockFor(this.watched, (joined) => this.#line.waitSync(timeout, undefined, joined), mustHave);
  }

  tryAcquire(): Guard | null {
    if (this.#take(FREE)) return this.#guard();
    const now = performance.now();
    if (now - this.#lastAsked <= ASK_MS) return null;
    this.#lastAsked = now;
    try {
      this.inspect();
      // It may have been reserved for one that has died.
      return this.#take(FREE) ? this.#guard() : null;
    } finally {
      this.#lookForWaiters();
    }
  }

  /** @throws InvalidStateError if it is not locked */
  release(): void {
    const owner = this.#owner;
    if (owner <= 0) throw new InvalidStateError('The lock is not locked');
    if (this.#list.isWaitedFor) this.#passOn(owner);
    else {
      if (!this.#change(owner, FREE)) throw new InvalidStateError('The lock is not locked');
      // It may have come since.
      this.#lookForWaiters();
    }
  }

  releaseHold(hold: number): void {
    if (hold !== this.#hold || !this.isMine) {
      throw new InvalidStateError(
        'The lock was released by somebody else, and is not held by this guard any more',
      );
    }
    this.release();
  }

  suspend(): Suspended {
    const hold = this.#hold;
    this.release();
    // The guards of before go on holding it.
    const restore = (): void => {
      this.#hold = hold;
    };
    return {
      resume: () => acquireForSure(() => this.acquireFor(NO_LIMITS)).finally(restore),
      resumeSync: () => {
        try {
          acquireForSureSync(() => this.acquireSync(undefined, true));
        } finally {
          restore();
        }
      },
    };
  }

  // ── for those who wait ──────────────────────────────────────────────────────────────────────────────────

  join(): boolean {
    return this.#list.underLatch(() => this.#list.join());
  }

  attempt(): Guard | undefined {
    const owner = this.#owner;
    if (owner !== FREE && owner !== -this.#me) return undefined;
    if (!this.#take(owner)) return undefined;
    this.#list.underLatch(() => {
      if (this.#list.isFirst) Atomics.store(this.#words, this.#base + PASSES, 0);
      this.#list.leave(true);
    });
    return this.#guard();
  }

  attemptOutside(): Guard | undefined {
    return this.#take(FREE) ? this.#guard() : undefined;
  }

  quit(): undefined {
    this.#list.underLatch(() => {
      this.#list.leave(false);
      if (this.#list.waitingHere === 0) this.#change(-this.#me, FREE);
    });
    // Whoever gives up may be the one that was roused.
    this.#lookForWaiters();
  }

  inspect(): void {
    const owner = this.#owner;
    const thread = Math.abs(owner);
    const isDead = owner !== FREE && thread !== this.#me && !isAlive(thread);
    this.#list.underLatch(() => this.#list.reclaim(() => undefined));
    if (!isDead || !this.#change(owner, FREE)) return;
    if (owner > 0)
      throw new OwnerDiedError('The thread or process that held the lock ended without releasing it');
  }

  // ── the owner word ──────────────────────────────────────────────────────────────────────────────────────

  get #owner(): number {
    return Atomics.load(this.#words, this.#base + OWNER);
  }

  #change(from: number, to: number): boolean {
    return Atomics.compareExchange(this.#words, this.#base + OWNER, from, to) === from;
  }

  #take(from: number): boolean {
    return this.#change(from, this.#me);
  }

  /**
   * Looks a few times more before it joins the line, for some 30 us in all. Two threads that fight for a lock take turns
   * this way, and neither has to look for waiters, or to wake one: that is what costs.
   */
  #takeSoon(): boolean {
    for (let pause = SHORTEST_PAUSE; pause <= LONGEST_PAUSE; pause *= 2) {
      idle(pause);
      const owner = this.#owner;
      if (owner === FREE && this.#take(FREE)) return true;
      // It is somebody else's turn, or nobody but this thread could release it.
      if (owner < FREE || owner === this.#me) return false;
    }
    return false;
  }

  #guard(): Guard {
    this.#holds += 1;
    this.#hold = this.#holds;
    return new Guard(this, this.#hold);
  }

  #lookForWaiters(): void {
    if (this.#list.isWaitedFor && this.#owner === FREE) this.#passOn(FREE);
  }

  /** Frees it from its owner, who has it still unless it is free already, for the first of those who wait. */
  #passOn(owner: number): void {
    const isHere = this.#list.underLatch(() => {
      const first = this.#list.first();
      const waiter = first < 0 ? 0 : this.#list.ownerOf(first);
      const passes = first < 0 ? 0 : Atomics.add(this.#words, this.#base + PASSES, 1) + 1;
      const next = passes >= MOST_PASSES ? -waiter : FREE;
      if (!this.#change(owner, next)) {
        // A newcomer has it already: it looks for waiters when it is done.
        if (owner === FREE) return false;
        throw new InvalidStateError('The lock is not locked');
      }
      if (next !== FREE) Atomics.store(this.#words, this.#base + PASSES, 0);
      if (first >= 0 && waiter !== this.#me) this.#list.rouse(first);
      return waiter === this.#me;
    });
    if (isHere) this.#line.serve();
  }
}

/** Acquires it also if its owner has died, and says so then, with the lock in hand. */
async function acquireForSure(acquire: () => Promise<Guard>): Promise<void> {
  try {
    await acquire();
  } catch (error) {
    if (error instanceof OwnerDiedError) await acquireForSure(acquire);
    throw error;
  }
}

function acquireForSureSync(acquire: () => Guard): void {
  try {
    acquire();
  } catch (error) {
    if (error instanceof OwnerDiedError) acquireForSureSync(acquire);
    throw error;
  }
}

/** Does nothing, and touches no memory. */
function idle(steps: number): void {
  for (let step = 0; step < steps; step += 1);
}
