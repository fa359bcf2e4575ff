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

import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { TimeoutError } from '../errors.ts';
import { waitWithin } from '../futures/waiting.ts';
import { SLICE } from '../memory/block.ts';
import { nap } from '../memory/nap.ts';
import { checkDuration, type WaitOptions } from '../options.ts';
import { type Entry, LinkedFifo } from './linked-fifo.ts';
import type { WaitList } from './wait-list.ts';
import { type Awaited, areWaitsWatched, beginWait } from './waits.ts';

/** What a primitive does for those who wait for it. Each may take its latch. `C`: what it has to know of each of them. */
export interface Waited<T, C = undefined> extends Awaited {
  /** One more of this thread waits, in the list. False: there is no room in it now. */
  join(context: C): boolean;
  /** Takes what is there for one of this thread, which waits no more then. May throw what that one is to be told. */
  attempt(context: C): T | undefined;
  /** The same for one that is not in the list, as there was no room. */
  attemptOutside(context: C): T | undefined;
  /**
   * One of this thread gives up. If it was given something at the last moment, that; but if it `isTold` of an error
   * instead, what it was given goes to the next.
   */
  quit(isTold: boolean): T | undefined;
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
/**
 * The same for those who await, in turns of the event loop: some 40 us. What comes one after the other, as items of a queue
 * do, then finds its thread awake, and costs nobody a wake-up. More, and one that waits for long burns more each `SLICE`.
 */
const TURNS = 20;
/** How soon those who found no room in the list look again. */
const OVERFLOW_MS = 5;

interface Waiter<T, C> extends Entry<Waiter<T, C>> {
  readonly context: C;
  resolve(value: T): void;
  reject(error: unknown): void;
}

export class Line<T, C = undefined> {
  readonly #list: WaitList;
  readonly #waited: Waited<T, C>;
  /** Those who await, the first of them first. */
  readonly #waiters = new LinkedFifo<Waiter<T, C>>();
  /** Those of them who found no room in the list. */
  readonly #outside = new LinkedFifo<Waiter<T, C>>();
  #attending = false;
  #attendingOutside = false;

  constructor(list: WaitList, waited: Waited<T, C>) {
    this.#list = list;
    this.#waited = waited;
  }

  /**
   * Waits for what `attempt` gives, with the event loop running. `joined` is called as soon as nothing is missed that
   * happens from then on.
   */
  wait(options: WaitOptions, context: C, joined?: () => void): Promise<T> {
    if (!areWaitsWatched()) return this.#await(options, context, joined);
    let ended = (): void => undefined;
    const waiting = this.#await(options, context, joined, () => {
      ended = beginWait(this.#waited, this.#list.place, false);
    });
    waiting.then(ended, ended);
    return waiting;
  }

  /** `waits` is called if it was not there at once. */
  #await(options: WaitOptions, context: C, joined: (() => void) | undefined, waits?: () => void): Promise<T> {
    return waitWithin(
      options,
      () => this.#waited.lateness,
      (resolve, reject) => {
        const waiter: Waiter<T, C> = { context, resolve, reject };
        this.#add(waiter);
        try {
          joined?.();
        } catch (error) {
          this.#refuse(waiter, error);
        }
        if (waits !== undefined && this.#isWaiting(waiter)) waits();
        return () => this.#leave(waiter);
      },
    );
  }

  /**
   * The same, and blocks this thread meanwhile.
   *
   * @throws TimeoutError, or what `attempt`, `inspect` or `joined` throws
   */
  waitSync(timeout: number | undefined, context: C, joined?: () => void): T {
    checkDuration('timeout', timeout);
    const end = timeout === undefined ? Infinity : performance.now() + timeout;
    const isListed = this.#waited.join(context);
    try {
      joined?.();
    } catch (error) {
      if (isListed) this.#waited.quit(true);
      throw error;
    }
    if (!isListed) {
      const value = this.#blockOutside(end, timeout, context);
      if (value !== undefined) return value;
    }
    try {
      return this.#block(end, timeout, context);
    } finally {
      // It has taken the place of those who await, and left the word of sleep as it pleased.
      if (this.#waiters.size > 0) this.#list.wakeUp();
    }
  }

  /** Lets the first in line look whether something is there for it, and those behind it. */
  serve(): void {
    for (let waiter = this.#waiters.first; waiter !== undefined; waiter = this.#waiters.first) {
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
    let ended: (() => void) | undefined;
    try {
      do {
        const value = this.#waited.attempt(context);
        if (value !== undefined) return value;
      } while (performance.now() < spinning);
      if (areWaitsWatched()) ended = beginWait(this.#waited, this.#list.place, true);
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
      this.#waited.quit(true);
      throw error;
    } finally {
      this.#list.rise();
      ended?.();
    }
    const atLast = this.#waited.quit(false);
    if (atLast === undefined) throw this.#late(timeout);
    return atLast;
  }

  /** Until there is room in the list, or what is waited for is there, which it gives then. */
  #blockOutside(end: number, timeout: number | undefined, context: C): T | undefined {
    for (let inspected = -Infinity; ; ) {
      const now = performance.now();
      // The room may be that of the dead.
      if (now - inspected >= SLICE || now >= end) {
        this.#waited.inspect();
        inspected = now;
      }
      const value = this.#waited.attemptOutside(context);
      if (value !== undefined || this.#waited.join(context)) return value;
      if (now >= end) throw this.#late(timeout);
      nap(Math.min(OVERFLOW_MS, end - now));
    }
  }

  #add(waiter: Waiter<T, C>): void {
    if (this.#waited.join(waiter.context)) {
      this.#waiters.add(waiter);
      this.serve();
      if (this.#waiters.size > 0) void this.#attend();
    } else {
      this.#outside.add(waiter);
      void this.#attendOutside();
    }
  }

  /** While somebody awaits: sleeps, and lets them look whenever this thread was roused. */
  async #attend(): Promise<void> {
    if (this.#attending) return;
    this.#attending = true;
    while (this.#waiters.size > 0) {
      for (let turn = 0; turn < TURNS && this.#waiters.size > 0; turn += 1) {
        await nextTurn();
        this.serve();
      }
      if (this.#waiters.size === 0) break;
      this.#list.lieDown();
      this.serve();
      if (this.#waiters.size === 0) break;
      const before = performance.now();
      await new Promise<void>((resolve) => this.#list.sleep(SLICE, resolve));
      if (performance.now() - before >= SLICE - 1) this.#inspect();
    }
    this.#list.rise();
    this.#attending = false;
  }

  /** While somebody finds no room in the list: looks every few ms. */
  async #attendOutside(): Promise<void> {
    if (this.#attendingOutside) return;
    this.#attendingOutside = true;
    for (let inspected = -Infinity; ; ) {
      const now = performance.now();
      if (now - inspected >= SLICE) {
        this.#inspect();
        inspected = now;
      }
      this.#serveOutside();
      if (this.#outside.size === 0) break;
      await delay(OVERFLOW_MS);
    }
    this.#attendingOutside = false;
  }

  /** They come in in their order, and so each is before those behind it. */
  #serveOutside(): void {
    for (let waiter = this.#outside.first; waiter !== undefined; waiter = this.#outside.first) {
      try {
        const value = this.#waited.attemptOutside(waiter.context);
        if (value !== undefined) {
          this.#outside.delete(waiter);
          waiter.resolve(value);
        } else if (this.#waited.join(waiter.context)) {
          this.#outside.delete(waiter);
          this.#waiters.add(waiter);
        } else break;
      } catch (error) {
        this.#refuse(waiter, error);
      }
    }
    this.serve();
    if (this.#waiters.size > 0) void this.#attend();
  }

  #inspect(): void {
    try {
      this.#waited.inspect();
    } catch (error) {
      const waiter = this.#waiters.first ?? this.#outside.first;
      if (waiter !== undefined) this.#refuse(waiter, error);
    }
  }

  /** Its time is over, or it was aborted. What settles it here is what counts. */
  #leave(waiter: Waiter<T, C>): void {
    if (!this.#isWaiting(waiter)) return;
    try {
      this.#waited.inspect();
    } catch (error) {
      this.#refuse(waiter, error);
      return;
    }
    // What the dead had may be for this one.
    if (this.#outside.size > 0) this.#serveOutside();
    else this.serve();
    if (this.#outside.delete(waiter) || !this.#waiters.has(waiter)) return;
    this.#remove(waiter);
    const atLast = this.#waited.quit(false);
    if (atLast !== undefined) waiter.resolve(atLast);
  }

  #refuse(waiter: Waiter<T, C>, error: unknown): void {
    if (!this.#outside.delete(waiter)) {
      this.#remove(waiter);
      this.#waited.quit(true);
    }
    waiter.reject(error);
  }

  #isWaiting(waiter: Waiter<T, C>): boolean {
    return this.#waiters.has(waiter) || this.#outside.has(waiter);
  }

  #remove(waiter: Waiter<T, C>): void {
    this.#waiters.delete(waiter);
    if (this.#waiters.size === 0 && this.#attending) this.#list.wakeUp();
  }

  #late(timeout: number | undefined): TimeoutError {
    return new TimeoutError(`${this.#waited.lateness} within ${timeout} ms`);
  }
}
