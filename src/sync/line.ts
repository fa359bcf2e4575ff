/**
 * The waiters of one thread for one object: functions that await, and at most one that blocks.
 *
 *   other threads ── rouse the cell of this thread ──▶ the blocked one looks, if there is one,
 *                                                       else the loop of `#attend` lets those who await look
 *
 * What there is goes to the blocked one first, though it came later: while it blocks, nobody else in this thread
 * could do anything with it. Those who await get it in the order in which they came.
 *
 * Whoever sleeps also wakes every `SLICE` and looks after the dead: a thread that was killed with a lock tells
 * nobody, and one that was killed between giving and waking wakes nobody.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { TimeoutError } from '../errors.ts';
import { waitWithin } from '../futures/waiting.ts';
import { SLICE } from '../memory/block.ts';
import { checkDuration, type WaitOptions } from '../options.ts';
import type { WaitList } from './wait-list.ts';

/** What a primitive does for those who wait for it. Each may take its latch. `C`: what it has to know of each of them. */
export interface Waited<T, C = undefined> {
  /** One more of this thread waits, in the list. False: there is no room in it now. */
  join(): boolean;
  /** Takes what is there for one of this thread, which waits no more then. May throw what that one is to be told. */
  attempt(context: C): T | undefined;
  /** One of this thread gives up. If it was given something at the last moment, that. */
  quit(): T | undefined;
  /** Looks after the dead. May throw what one of this thread is to be told. */
  inspect(): void;
  /** What did not happen in time, for the message: 'The lock was not released'. */
  readonly lateness: string;
}

/**
 * How long one that blocks looks before it sleeps. What is held for a few instructions comes free in that time, where
 * falling asleep and being woken takes some 50 us.
 */
const SPIN_MS = 0.02;
/** How soon those who found no room in the list look again. */
const OVERFLOW_MS = 5;

interface Waiter<T, C> {
  readonly context: C;
  resolve(value: T): void;
  reject(error: unknown): void;
}

export class Line<T, C = undefined> {
  readonly #list: WaitList;
  readonly #waited: Waited<T, C>;
  /** Those who await, the first of them first. */
  readonly #waiters = new Set<Waiter<T, C>>();
  #attending = false;

  constructor(list: WaitList, waited: Waited<T, C>) {
    this.#list = list;
    this.#waited = waited;
  }

  /** How many await. */
  get length(): number {
    return this.#waiters.size;
  }

  /** Waits for what `attempt` gives, with the event loop running. */
  wait(options: WaitOptions, context: C): Promise<T> {
    return waitWithin(
      options,
      () => this.#waited.lateness,
      (resolve, reject) => {
        const waiter = { context, resolve, reject };
        if (this.#waited.join()) {
          this.#waiters.add(waiter);
          this.serve();
          if (this.#waiters.size > 0) void this.#attend();
          return () => this.#leave(waiter);
        }
        const gaveUp = new AbortController();
        this.#waitForRoom(waiter, gaveUp.signal).catch(reject);
        return () => {
          gaveUp.abort();
          this.#leave(waiter);
        };
      },
    );
  }

  /**
   * Waits for what `attempt` gives, and blocks this thread meanwhile. `joined` is called when it is in the list.
   *
   * @throws TimeoutError, or what `attempt` or `inspect` throws
   */
  waitSync(timeout: number | undefined, context: C, joined?: () => void): T {
    checkDuration('timeout', timeout);
    const end = timeout === undefined ? Infinity : performance.now() + timeout;
    while (!this.#waited.join()) {
      if (performance.now() >= end) throw this.#late(timeout);
      Atomics.wait(never, 0, 0, OVERFLOW_MS);
    }
    try {
      joined?.();
      return this.#block(end, timeout, context);
    } finally {
      // It has taken the place of those who await, and left the word of sleep as it pleased.
      if (this.#waiters.size > 0) this.#list.wakeUp();
    }
  }

  /** Lets the first in line look whether something is there for it, and those behind it. */
  serve(): void {
    for (const waiter of this.#waiters) {
      try {
        const value = this.#waited.attempt(waiter.context);
        if (value === undefined) return;
        this.#remove(waiter);
        waiter.resolve(value);
      } catch (error) {
        this.#refuse(waiter, error);
      }
    }
  }

  #block(end: number, timeout: number | undefined, context: C): T {
    const spinning = performance.now() + SPIN_MS;
    try {
      do {
        const value = this.#waited.attempt(context);
        if (value !== undefined) return value;
      } while (performance.now() < spinning);
      for (;;) {
        this.#list.lieDown();
        const value = this.#waited.attempt(context);
        if (value !== undefined) return value;
        const before = performance.now();
        if (before >= end) break;
        this.#list.sleepSync(Math.min(end - before, SLICE));
        if (performance.now() - before >= SLICE - 1) this.#waited.inspect();
      }
      this.#waited.inspect();
      const value = this.#waited.attempt(context);
      if (value !== undefined) return value;
    } catch (error) {
      const atLast = this.#waited.quit();
      if (atLast !== undefined) return atLast;
      throw error;
    } finally {
      this.#list.rise();
    }
    const atLast = this.#waited.quit();
    if (atLast === undefined) throw this.#late(timeout);
    return atLast;
  }

  /** While somebody awaits: sleeps, and lets them look whenever this thread was roused. */
  async #attend(): Promise<void> {
    if (this.#attending) return;
    this.#attending = true;
    while (this.#waiters.size > 0) {
      this.#list.lieDown();
      this.serve();
      if (this.#waiters.size === 0) break;
      const before = performance.now();
      await this.#list.sleep(SLICE);
      if (performance.now() - before >= SLICE - 1) this.#inspect();
    }
    this.#list.rise();
    this.#attending = false;
  }

  #inspect(): void {
    const [first] = this.#waiters;
    if (first === undefined) return;
    try {
      this.#waited.inspect();
    } catch (error) {
      this.#refuse(first, error);
    }
  }

  async #waitForRoom(waiter: Waiter<T, C>, signal: AbortSignal): Promise<void> {
    do {
      await delay(OVERFLOW_MS);
      if (signal.aborted) return;
    } while (!this.#waited.join());
    this.#waiters.add(waiter);
    this.serve();
    if (this.#waiters.size > 0) void this.#attend();
  }

  /** Its time is over, or it was aborted. What settles it here is what counts. */
  #leave(waiter: Waiter<T, C>): void {
    if (!this.#waiters.has(waiter)) return;
    try {
      this.#waited.inspect();
    } catch (error) {
      this.#refuse(waiter, error);
      return;
    }
    // What the dead had may be for this one.
    this.serve();
    if (!this.#waiters.has(waiter)) return;
    this.#remove(waiter);
    const atLast = this.#waited.quit();
    if (atLast !== undefined) waiter.resolve(atLast);
  }

  #refuse(waiter: Waiter<T, C>, error: unknown): void {
    this.#remove(waiter);
    const atLast = this.#waited.quit();
    if (atLast === undefined) waiter.reject(error);
    else waiter.resolve(atLast);
  }

  #remove(waiter: Waiter<T, C>): void {
    this.#waiters.delete(waiter);
    if (this.#waiters.size === 0 && this.#attending) this.#list.wakeUp();
  }

  #late(timeout: number | undefined): TimeoutError {
    return new TimeoutError(`${this.#waited.lateness} within ${timeout} ms`);
  }
}

/** Slept on by those who found no room; nothing ever notifies it. */
const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
