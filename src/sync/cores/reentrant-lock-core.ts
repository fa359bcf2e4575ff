/**
 * A lock that its owner may acquire again, and has to release as often.
 *
 * Who the owner is. In the blocking form it is the thread, as everywhere else. Functions that await share a thread, and
 * one must not walk in because another holds the lock; so for them the owner is
 *  - the async context: whatever `withLock(fn)` calls, directly or after any number of awaits, or
 *  - the guard: `acquire({ within: guard })` for those who would rather hand it on.
 *
 * How often it is held, and by whom, only the thread that holds it has to know, so it is kept here and not in shared
 * memory: for others the lock is free or not.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { InvalidStateError } from '../../errors.ts';
import type { Block } from '../../memory/block.ts';
import { checkWait, type WaitOptions } from '../../options.ts';
import { detection } from '../deadlocks/mode.ts';
import { acquireSeen } from '../deadlocks/watch.ts';
import { Guard, type Guarded } from '../guard.ts';
import type { Suspendable, Suspended } from './condition-core.ts';
import { LOCK_WORDS, LockCore } from './lock-core.ts';

export const REENTRANT_LOCK_WORDS: number = LOCK_WORDS;

/** A hold, from the first acquire to the last release. */
interface Hold {
  readonly number: number;
  /** By the blocking form, for the thread. */
  readonly isOfThread: boolean;
  /** How often it is held. */
  depth: number;
}

export interface ReentrantWaitOptions extends WaitOptions {
  /** A guard of this lock that the caller has: acquires it once more. */
  readonly within?: Guard | undefined;
}

/** The holds of the async context, of all locks. */
const context = new AsyncLocalStorage<ReadonlySet<Hold>>();

export class ReentrantLockCore implements Guarded, Suspendable {
  readonly #core: LockCore;
  #hold: Hold | undefined;
  #number = 0;

  constructor(block: Block, base: number) {
    this.#core = new LockCore(block, base, 'RLock');
  }

  get locked(): boolean {
    return this.#core.locked;
  }

  get state(): string {
    const depth = this.isMine ? (this.#hold?.depth ?? 0) : 0;
    return depth > 1 ? `locked ${depth} times by this thread` : this.#core.state;
  }

  get isMine(): boolean {
    return this.#core.isMine;
  }

  acquire(options: ReentrantWaitOptions): Promise<Guard> {
    return detection.isOn
      ? acquireSeen(this.#core.watched, () => this.#acquire(options))
      : this.#acquire(options);
  }

  async #acquire(options: ReentrantWaitOptions): Promise<Guard> {
    checkWait(options);
    const { within } = options;
    const held = within === undefined ? this.#heldHere() : this.#heldBy(within);
    if (held !== undefined) return this.#enter(held);
    await this.#core.acquireFor(options);
    return this.#begin(false);
  }

  acquireSync(timeout: number | undefined): Guard {
    const held = this.#heldHere();
    if (held !== undefined) return this.#enter(held);
    if (this.isMine) {
      throw new InvalidStateError(
        'The lock is held by a function of this thread that awaits, which could never release it while the thread is ' +
          'blocked; use acquire(), or withLock() around both',
      );
    }
    this.#core.acquireSync(timeout);
    return this.#begin(true);
  }

  tryAcquire(): Guard | null {
    const held = this.#heldHere();
    if (held !== undefined) return this.#enter(held);
    return this.#core.tryAcquire() === null ? null : this.#begin(true);
  }

  async withLock<R>(fn: () => R | PromiseLike<R>, options: ReentrantWaitOptions): Promise<R> {
    using _ = await this.acquire(options);
    const hold = this.#hold as Hold;
    return await context.run(new Set([...(context.getStore() ?? []), hold]), fn);
  }

  /** @throws InvalidStateError if the caller is not the owner */
  release(): void {
    const held = this.#heldHere();
    if (held === undefined) {
      throw new InvalidStateError(
        this.locked
          ? 'The lock is held by somebody else; only its owner can release it'
          : 'The lock is not locked',
      );
    }
    this.#leave(held);
  }

  releaseHold(number: number): void {
    if (this.#hold?.number !== number || !this.isMine) {
      throw new InvalidStateError('The lock is not held by this guard any more');
    }
    this.#leave(this.#hold);
  }

  suspend(): Suspended {
    const hold = this.#hold;
    const { resume, resumeSync } = this.#core.suspend();
    this.#hold = undefined;
    const restore = (): void => {
      this.#hold = hold;
    };
    return {
      resume: () => resume().finally(restore),
      resumeSync: () => {
        try {
          resumeSync();
        } finally {
          restore();
        }
      },
    };
  }

  /** The hold of the caller: of its async context, or of its thread. */
  #heldHere(): Hold | undefined {
    const hold = this.#hold;
    if (hold === undefined || !this.isMine) return undefined;
    return hold.isOfThread || context.getStore()?.has(hold) ? hold : undefined;
  }

  #heldBy(guard: Guard): Hold {
    const hold = this.#hold;
    if (hold !== undefined && guard.holdOf(this) === hold.number && this.isMine) return hold;
    throw new InvalidStateError('The guard given as `within` does not hold this lock');
  }

  #begin(isOfThread: boolean): Guard {
    this.#number += 1;
    this.#hold = { number: this.#number, isOfThread, depth: 0 };
    return this.#enter(this.#hold);
  }

  #enter(hold: Hold): Guard {
    hold.depth += 1;
    return new Guard(this, hold.number);
  }

  #leave(hold: Hold): void {
    hold.depth -= 1;
    if (hold.depth > 0) return;
    this.#hold = undefined;
    this.#core.release();
  }
}
