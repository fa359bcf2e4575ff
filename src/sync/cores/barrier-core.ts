/**
 * Where a fixed number of parties wait for each other, again and again.
 *
 *   phase word = rounds that are over << 16 | parties that have come
 *
 *   one comes: n → n + 1        the last one: the action runs, then (round, parties) → (round + 1, 0)
 *
 * While the action runs, who comes for the next round waits for this one to be over.
 *
 * A breach ends a round for all who are in it: the time of one is over, one aborts, one dies, the action throws.
 * `breaches` counts them, and tells whether the barrier is still broken. Those who wait compare it with what it was
 * when they came. Who looks late, after a breach of the next round, learns from `completed` that its own was none.
 *
 * Whoever comes is in the wait list before it is counted, so that one who dies in between, or while it waits, is missed.
 *
 * The action is a function of the thread that made the barrier. It runs in the last party to come if that has it,
 * else in the thread that has it if that one is a party of the round, else not at all.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { BrokenBarrierError, TimeoutError } from '../../errors.ts';
import { isThenable } from '../../futures/thenable.ts';
import type { Block } from '../../memory/block.ts';
import { nap } from '../../memory/nap.ts';
import { isAlive, ownerWord } from '../../memory/owner.ts';
import { checkWait, type WaitOptions } from '../../options.ts';
import { Line, type Waited } from '../line.ts';
import { WAIT_LIST_WORDS, WaitList } from '../wait-list.ts';

const PARTIES = 0;
const PHASE = 1;
/** How many there were << 1 | whether it is broken now. */
const BREACHES = 2;
/** The owner word of the one for whom the action is to do, as soon as the round is complete; 0: it is not. */
const ACTOR = 3;
/** The owner word of the thread that has the action; 0: there is none. */
const SUPPLIER = 4;
/** The last round that this thread came to, as in the phase word. */
const SUPPLIED = 5;
/** For waits that have no time limit of their own: ms, and 1; 0: none. */
const TIMEOUT = 6;
/** 1 more than the last round that all came to. */
const COMPLETED = 7;
const LIST = 8;

export const BARRIER_WORDS: number = LIST + WAIT_LIST_WORDS;

const ROUND = 1 << 16;
const COME = ROUND - 1;
const BROKEN = 1;
export const MOST_PARTIES: number = COME - 1;
/** 24 days, in ms. */
const LONGEST_TIMEOUT = 2 ** 31 - 2;
/** How soon one that has come while the action runs looks again, in ms. */
const EARLY_MS = 1;

/** What a party remembers: its place in the round, and what the round and the breaches were. */
interface Arrival {
  readonly index: number;
  readonly round: number;
  readonly breaches: number;
  /** Whether it is in the wait list. */
  isListed: boolean;
}

export class BarrierCore implements Waited<true, Arrival> {
  readonly kind = 'barrier';
  readonly lateness = 'The other parties did not come to the barrier';
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #me: number = ownerWord();
  readonly #list: WaitList;
  readonly #line: Line<true, Arrival>;
  #action: (() => unknown) | undefined;
  #isActing = false;
  /** A party of this thread waits and blocks it. */
  #isBlocked = false;

  constructor(block: Block, base: number) {
    this.#words = block.words;
    this.#base = base;
    this.#list = new WaitList(block, base + LIST);
    this.#line = new Line(this.#list, this);
  }

  /** For the one who makes it. */
  initialise(parties: number, action: (() => unknown) | undefined, timeout: number | undefined): void {
    this.#set(PARTIES, parties);
    if (timeout !== undefined) this.#set(TIMEOUT, Math.min(Math.ceil(timeout), LONGEST_TIMEOUT) + 1);
    this.#action = action;
    this.#set(SUPPLIED, COME);
    if (action !== undefined) this.#set(SUPPLIER, this.#me);
  }

  get #timeout(): number | undefined {
    const stored = this.#get(TIMEOUT);
    return stored === 0 ? undefined : stored - 1;
  }

  get parties(): number {
    return this.#get(PARTIES);
  }

  /** How many have come and wait for the others; 0 while the action runs. */
  get waiting(): number {
    const come = this.#get(PHASE) & COME;
    return come === this.parties ? 0 : come;
  }

  get isBroken(): boolean {
    return (this.#get(BREACHES) & BROKEN) !== 0;
  }

  async wait(options: WaitOptions): Promise<number> {
    checkWait(options);
    const { timeout = this.#timeout, signal } = options;
    const end = timeout === undefined ? undefined : performance.now() + timeout;
    let arrival = this.#come();
    while (arrival === undefined) {
      this.#checkEarly(end, timeout);
      await delay(EARLY_MS);
      signal?.throwIfAborted();
      arrival = this.#come();
    }
    if (this.#get(ACTOR) === this.#me && arrival.index === this.parties - 1) {
      await this.#act(arrival);
      return arrival.index;
    }
    try {
      const left = end === undefined ? undefined : Math.max(0, end - performance.now());
      await this.#line.wait({ timeout: left, signal }, arrival);
    } catch (error) {
      this.#leaveShort(arrival, error);
    }
    return arrival.index;
  }

  waitSync(own: number | undefined): number {
    const timeout = own ?? this.#timeout;
    const end = timeout === undefined ? undefined : performance.now() + timeout;
    let arrival = this.#come();
    while (arrival === undefined) {
      this.#checkEarly(end, timeout);
      nap(EARLY_MS);
      arrival = this.#come();
    }
    if (this.#get(ACTOR) === this.#me && arrival.index === this.parties - 1) {
      this.#actSync(arrival);
      return arrival.index;
    }
    this.#isBlocked = true;
    try {
      this.#line.waitSync(end === undefined ? undefined : Math.max(0, end - performance.now()), arrival);
    } catch (error) {
      this.#leaveShort(arrival, error);
    } finally {
      this.#isBlocked = false;
    }
    return arrival.index;
  }

  /** Those who wait fail, and it is as new. */
  reset(): void {
    this.#list.underLatch(() => {
      const phase = this.#get(PHASE);
      const isUsed = this.isBroken || (phase & COME) > 0;
      // Broken until the round is over: whoever dies in between does not leave a place that was never taken.
      if (isUsed) this.#set(BREACHES, (this.#get(BREACHES) + 2) | BROKEN);
      this.#endRound(phase);
      if (isUsed) this.#set(BREACHES, this.#get(BREACHES) & ~BROKEN);
    });
    this.#line.serve();
  }

  /** Those who wait fail, and so do all who come, until it is reset. */
  abort(): void {
    this.#list.underLatch(() => this.#breach());
    this.#line.serve();
  }

  // ── for those who wait ──────────────────────────────────────────────────────────────────────────────────

  join(arrival: Arrival): boolean {
    if (!arrival.isListed) arrival.isListed = this.#list.underLatch(() => this.#list.join());
    return arrival.isListed;
  }

  attempt(arrival: Arrival): true | undefined {
    if (this.attemptOutside(arrival) === undefined) return undefined;
    this.quit();
    return true;
  }

  attemptOutside(arrival: Arrival): true | undefined {
    const { round, breaches } = arrival;
    const isMine = this.#get(ACTOR) === this.#me && this.#isComplete(round);
    if (isMine && this.#get(BREACHES) === breaches) this.#actForAnother(arrival);
    // In this order: a breach is one of this round unless the round has been completed.
    const isBroken = this.#get(BREACHES) !== breaches;
    const isOver = this.#get(PHASE) >>> 16 !== round;
    if (this.#get(COMPLETED) === round + 1) return true;
    if (isBroken) throw new BrokenBarrierError('The barrier was broken while this party waited');
    return isOver ? true : undefined;
  }

  quit(): undefined {
    this.#list.underLatch(() => {
      // Which of this thread's waiters was given its leave does not matter: their number is what counts.
      if (this.#list.notice()) this.#list.giveBack();
      else this.#list.leave(false);
    });
  }

  inspect(): void {
    this.#list.underLatch(() => {
      this.#list.reclaim(({ waiting }) => {
        if (waiting > 0) this.#breach();
      });
      const actor = this.#get(ACTOR);
      if (actor !== 0 && actor !== this.#me && !isAlive(actor)) this.#breach();
    });
  }

  // ── rounds ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Undefined: the action of the last round runs still. */
  #come(): Arrival | undefined {
    return this.#list.underLatch(() => {
      if (this.isBroken) throw new BrokenBarrierError('The barrier is broken; reset() makes it usable again');
      const phase = this.#get(PHASE);
      const index = phase & COME;
      if (index === this.parties) return undefined;
      if (this.#get(SUPPLIER) === this.#me) this.#set(SUPPLIED, phase & ~COME);
      const actor = index < this.parties - 1 ? 0 : this.#chooseActor(phase & ~COME);
      const isListed = actor !== this.#me && this.#list.join();
      // Before it is counted: if it died in between, nobody would act.
      this.#set(ACTOR, actor);
      this.#set(PHASE, phase + 1);
      // It waits, or has come and is about to: then it finds out by itself.
      if (actor !== 0 && actor !== this.#me) this.#list.rouseThread(actor);
      return { index, round: phase >>> 16, breaches: this.#get(BREACHES), isListed };
    });
  }

  #isComplete(round: number): boolean {
    const phase = this.#get(PHASE);
    return phase >>> 16 === round && (phase & COME) === this.parties;
  }

  #chooseActor(round: number): number {
    const supplier = this.#get(SUPPLIER);
    return this.#action !== undefined || supplier === 0 || this.#get(SUPPLIED) !== round
      ? this.#me
      : supplier;
  }

  async #act(arrival: Arrival): Promise<void> {
    // Others of this thread may look meanwhile, and find that it is for this thread to act.
    this.#isActing = true;
    try {
      await this.#action?.();
    } catch (error) {
      this.abort();
      throw error;
    } finally {
      this.#isActing = false;
    }
    this.#complete(arrival);
  }

  #actSync(arrival: Arrival): void {
    try {
      if (isThenable(this.#action?.())) throw promised();
    } catch (error) {
      this.abort();
      throw error;
    }
    this.#complete(arrival);
  }

  /** The last one to come has left the action to this thread, which has it, and waits. */
  #actForAnother(arrival: Arrival): void {
    if (this.#isActing) return;
    this.#isActing = true;
    let outcome: unknown;
    try {
      outcome = this.#action?.();
      if (this.#isBlocked && isThenable(outcome)) throw promised();
    } catch (error) {
      this.#isActing = false;
      this.abort();
      throw error;
    }
    if (!isThenable(outcome)) {
      this.#isActing = false;
      this.#complete(arrival);
      return;
    }
    Promise.resolve(outcome)
      .then(() => this.#complete(arrival))
      .catch(() => this.abort())
      .finally(() => {
        this.#isActing = false;
      });
  }

  /** Lets all go. */
  #complete({ round, breaches }: Arrival): void {
    this.#list.underLatch(() => {
      if (this.#get(BREACHES) !== breaches)
        throw new BrokenBarrierError('The barrier was broken while its action ran');
      // This decides for all, so it comes first: whoever dies here lets all pass, or none.
      this.#set(COMPLETED, round + 1);
      this.#endRound(round << 16);
    });
    this.#line.serve();
  }

  #endRound(phase: number): void {
    this.#set(PHASE, ((phase >>> 16) + 1) << 16);
    this.#set(ACTOR, 0);
    while (this.#list.give());
  }

  #breach(): void {
    this.#set(BREACHES, (this.#get(BREACHES) + 2) | BROKEN);
    this.#set(ACTOR, 0);
    while (this.#list.give());
  }

  /** One leaves before the round is over: it is one short, unless it has become complete meanwhile. */
  #leaveShort({ round, breaches }: Arrival, error: unknown): void {
    if (error instanceof BrokenBarrierError) throw error;
    const isOver = this.#list.underLatch(() => {
      if (this.#get(BREACHES) !== breaches) throw error;
      if (this.#get(PHASE) >>> 16 !== round) return true;
      this.#breach();
      return false;
    });
    this.#line.serve();
    if (!isOver) throw error;
  }

  #checkEarly(end: number | undefined, timeout: number | undefined): void {
    if (end !== undefined && performance.now() >= end) {
      throw new TimeoutError(`The action of the last round was not over within ${timeout} ms`);
    }
    this.inspect();
  }

  #get(field: number): number {
    return Atomics.load(this.#words, this.#base + field);
  }

  #set(field: number, value: number): void {
    Atomics.store(this.#words, this.#base + field, value);
  }
}

function promised(): TypeError {
  return new TypeError('The action of a barrier must not return a promise where a party waits by waitSync()');
}
