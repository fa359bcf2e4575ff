/**
 * Those who wait for an object, of all threads: one list serves every primitive.
 *
 *   cell 0   owner  arrival  counts  taken  sleep      one cell for each THREAD that waits, however many of its
 *   cell 1   ...                                       functions do; who of them is next is for `line.ts` to say
 *   ...
 *
 *   counts = waiting (low 16 bits) and given (high 16 bits), in one word
 *
 * `waiting`: how many of that thread wait. `given`: what they were given (a permit, a wake-up) and have not given
 * back. To give is one store that lowers the one and raises the other, so whoever dies while giving has either done
 * it or not. `taken`: of what was given, how much the thread has taken notice of; the rest is on its way. When a thread
 * dies, all that it was given comes back.
 *
 * Invariants
 * 1. All but `sleep` is written under the latch of the object; `sleep` as `memory/parking.ts` says.
 * 2. A cell belongs to its `owner`, and is free when that is 0. It stays while waiting or given is not 0.
 * 3. `waiting` is raised before the thread looks for the last time whether it has to wait; who makes something
 *    available does that before looking for waiters. So either sees the other.
 * 4. First come, first served among threads: by `arrival`, which is renewed when a thread was served and still waits.
 *
 * Cells are few and in the object itself: a list of any length would need memory of its own, and a link that is
 * half made when its thread is killed loses all behind it. Threads that find no free cell look again every few ms.
 *
 * Whoever dies under the latch may have changed a cell, and not yet the sum of all `waiting`: who takes the latch over
 * from the dead sets that right.
 */

import type { Block } from '../memory/block.ts';
import { Latch } from '../memory/latch.ts';
import { isAlive, ownerWord } from '../memory/owner.ts';
import { ASLEEP, AWAKE, lieDown, mustRouse, rise } from '../memory/parking.ts';

/** Threads that may wait for (or hold something of) one object at once before others have to look again and again. */
const CELLS = 32;

const CELL_WORDS = 5;
const OWNER = 0;
const ARRIVAL = 1;
const COUNTS = 2;
const TAKEN = 3;
const SLEEP = 4;

/** The words before the cells: the latch, the number of the last arrival, and the sum of all `waiting`. */
const LATCH = 0;
const LAST_ARRIVAL = 1;
const TOTAL = 2;
const HEAD_WORDS = 3;

export const WAIT_LIST_WORDS: number = HEAD_WORDS + CELLS * CELL_WORDS;

const GIVEN = 1 << 16;
const WAITING = GIVEN - 1;
/** So many in one thread; more would spill into the other half of the word. */
const MOST = 30_000;

/** What a thread that died leaves. */
export interface Remains {
  /** How many of it waited. */
  readonly waiting: number;
  readonly given: number;
  /** Of what it was given, what it had. */
  readonly taken: number;
}

export class WaitList {
  readonly #block: Block;
  readonly #base: number;
  readonly #latch: Latch;
  readonly #me: number = ownerWord();
  /** The place of this thread's cell; -1 if it has none. */
  #cell = -1;
  /** The cell that is about to be freed: what it leaves is not given to itself. */
  #dead = -1;
  /** The word that the event loop of this thread waits for, or has waited for. */
  #sleepsAt = -1;
  /** Undefined while it does not. */
  #endSleep: (() => void) | undefined;

  /** `base`: the first of `WAIT_LIST_WORDS` words, all 0 at first. */
  /** Where it is: the same for all who have the object. */
  get place(): string {
    const { reach, words } = this.#block;
    return `${reach} ${words.byteOffset + this.#base * Int32Array.BYTES_PER_ELEMENT}`;
  }

  constructor(block: Block, base: number) {
    this.#block = block;
    this.#base = base;
    this.#latch = new Latch(block.words, base + LATCH);
  }

  /** Does something with the object that others must not see half done. The rules are those of `memory/latch.ts`. */
  underLatch<R>(steps: () => R): R {
    if (this.#latch.lock()) this.#setTotal(this.total);
    try {
      return steps();
    } finally {
      this.#latch.unlock();
    }
  }

  /** Whether somebody waits. The only thing here that may be read without the latch. */
  get isWaitedFor(): boolean {
    return Atomics.load(this.#block.words, this.#base + TOTAL) !== 0;
  }

  /** How many wait, in all threads. */
  get total(): number {
    return this.#sum(WAITING, 0);
  }

  /** What all threads have been given and not given back. */
  get given(): number {
    return this.#sum(-1, 16);
  }

  /** How many of this thread wait. */
  get waitingHere(): number {
    return this.#cell < 0 ? 0 : this.#waitingOf(this.#cell);
  }

  /** What this thread has been given and not given back. */
  get givenHere(): number {
    return this.#cell < 0 ? 0 : this.#word(this.#cell, COUNTS) >>> 16;
  }

  /** Of that, what it has taken notice of. */
  get takenHere(): number {
    return this.#cell < 0 ? 0 : this.#word(this.#cell, TAKEN);
  }

  /** Whether this thread was given something of which it has not taken notice. May be read without the latch. */
  get hasNews(): boolean {
    return this.#cell >= 0 && this.givenHere > this.#word(this.#cell, TAKEN);
  }

  // ── this thread, under the latch ────────────────────────────────────────────────────────────────────────

  /** One more of this thread waits. False: there is no cell for it now; look again soon. */
  join(): boolean {
    const cell = this.#ownCell();
    if (cell < 0 || this.waitingHere >= MOST) return false;
    if (this.waitingHere === 0) this.#arrive(cell);
    this.#add(cell, COUNTS, 1);
    this.#setTotal(this.#word0(TOTAL) + 1);
    return true;
  }

  /** One of this thread waits no more. If that is because it was `served`, the others of it go to the end of the line. */
  leave(served: boolean): void {
    const waiting = this.waitingHere;
    if (waiting === 0) return;
    if (served && waiting > 1) this.#arrive(this.#cell);
    this.#add(this.#cell, COUNTS, -1);
    this.#setTotal(this.#word0(TOTAL) - 1);
    this.#freeIfUnused();
  }

  /** Gives itself something without waiting. False: there is no cell to note it in. */
  take(): boolean {
    const cell = this.#ownCell();
    if (cell < 0) return false;
    this.#add(cell, COUNTS, GIVEN);
    this.#add(cell, TAKEN, 1);
    return true;
  }

  /** Takes notice of something that was given to this thread. False: there is nothing new. */
  notice(): boolean {
    if (!this.hasNews) return false;
    this.#add(this.#cell, TAKEN, 1);
    return true;
  }

  /** Gives back something of which it has taken notice. False: it has nothing. */
  giveBack(): boolean {
    if (this.takenHere === 0) return false;
    this.#add(this.#cell, TAKEN, -1);
    this.#add(this.#cell, COUNTS, -GIVEN);
    this.#freeIfUnused();
    return true;
  }

  // ── those who wait, under the latch ─────────────────────────────────────────────────────────────────────

  /** Gives something to the first in line, and rouses it. False: nobody waits. */
  give(): boolean {
    const cell = this.#first();
    if (cell < 0) return false;
    if (this.#waitingOf(cell) > 1) this.#arrive(cell);
    this.#add(cell, COUNTS, GIVEN - 1);
    this.#setTotal(this.#word0(TOTAL) - 1);
    this.rouse(cell);
    return true;
  }

  /** The cell of the first in line; -1: nobody waits, whatever `isWaitedFor` said. */
  first(): number {
    const cell = this.#first();
    if (cell < 0) this.#setTotal(0);
    return cell;
  }

  /** Whether it is this thread's turn. */
  get isFirst(): boolean {
    return this.#cell >= 0 && this.#first() === this.#cell;
  }

  ownerOf(cell: number): number {
    return this.#word(cell, OWNER);
  }

  /** Wakes the thread of a cell, if it sleeps. */
  rouse(cell: number): void {
    const index = this.#index(cell, SLEEP);
    if (mustRouse(this.#block.words, index)) this.#block.notify(index, this.ownerOf(cell));
  }

  /** Wakes the thread with this owner word, if it waits. */
  rouseThread(owner: number): void {
    for (let cell = 0; cell < CELLS; cell += 1) {
      if (this.ownerOf(cell) === owner && this.#waitingOf(cell) > 0) this.rouse(cell);
    }
  }

  /** Wakes all who sleep. */
  rouseAll(): void {
    for (let cell = 0; cell < CELLS; cell += 1) if (this.#waitingOf(cell) > 0) this.rouse(cell);
  }

  /**
   * Frees the cells of threads that have ended. `inherit` is called for each before, so that whoever is killed in between
   * has something done twice rather than not at all. Asks the system about each thread, so it is for those who have
   * waited a while.
   */
  reclaim(inherit: (remains: Remains) => void): void {
    let found = false;
    for (let cell = 0; cell < CELLS; cell += 1) {
      const owner = this.ownerOf(cell);
      if (owner === 0 || owner === this.#me || isAlive(owner)) continue;
      found = true;
      const waiting = this.#waitingOf(cell);
      const given = this.#word(cell, COUNTS) >>> 16;
      const taken = Math.min(given, this.#word(cell, TAKEN));
      this.#dead = cell;
      inherit({ waiting, given, taken });
      this.#dead = -1;
      this.#free(cell);
    }
    if (found) this.#setTotal(this.total);
  }

  /** Calls `use` with what the thread of each cell has taken, and has it be taken no more. */
  useUp(use: (taken: number) => void): void {
    for (let cell = 0; cell < CELLS; cell += 1) {
      const taken = this.#word(cell, TAKEN);
      if (taken === 0) continue;
      use(taken);
      Atomics.store(this.#block.words, this.#index(cell, TAKEN), 0);
      this.#add(cell, COUNTS, -GIVEN * taken);
    }
    // Those of others they free themselves: each thread remembers where its cell is.
    this.#freeIfUnused();
  }

  // ── sleeping, without the latch ─────────────────────────────────────────────────────────────────────────

  /** From now on `rouse` wakes this thread. Look once more whether there is a reason to sleep. */
  lieDown(): void {
    lieDown(this.#block.words, this.#index(this.#cell, SLEEP));
  }

  rise(): void {
    if (this.#cell >= 0) rise(this.#block.words, this.#index(this.#cell, SLEEP));
  }

  /** Blocks this thread until it is roused, for `ms` at most. */
  sleepSync(ms: number): void {
    this.#block.wait(this.#index(this.#cell, SLEEP), ASLEEP, ms);
  }

  /** The same with the event loop running, which it keeps alive: `onEnd` is called once. */
  sleep(ms: number, onEnd: () => void): void {
    const end = (): void => {
      if (this.#endSleep !== end) return;
      this.#endSleep = undefined;
      onEnd();
    };
    this.#endSleep = end;
    this.#sleepsAt = this.#index(this.#cell, SLEEP);
    void this.#block.waitAsync(this.#sleepsAt, ASLEEP, ms).then(end);
  }

  /**
   * Ends `sleep`. To change the word and to notify is not enough: the cell may have been freed, and be that of another thread
   * by now, which sleeps. Then the word is what it was, and this thread would sleep on for that one.
   */
  wakeUp(): void {
    const end = this.#endSleep;
    if (end === undefined) return;
    this.rise();
    // What waits for the word still goes, if it can, before its time is over.
    this.#block.notify(this.#sleepsAt, this.#me);
    end();
  }

  // ── words ───────────────────────────────────────────────────────────────────────────────────────────────

  #index(cell: number, field: number): number {
    return this.#base + HEAD_WORDS + cell * CELL_WORDS + field;
  }

  #word(cell: number, field: number): number {
    return Atomics.load(this.#block.words, this.#index(cell, field));
  }

  #waitingOf(cell: number): number {
    return this.#word(cell, COUNTS) & WAITING;
  }

  #word0(field: number): number {
    return Atomics.load(this.#block.words, this.#base + field);
  }

  #add(cell: number, field: number, change: number): void {
    const index = this.#index(cell, field);
    Atomics.store(this.#block.words, index, Atomics.load(this.#block.words, index) + change);
  }

  #setTotal(total: number): void {
    Atomics.store(this.#block.words, this.#base + TOTAL, total);
  }

  #sum(mask: number, shift: number): number {
    let sum = 0;
    for (let cell = 0; cell < CELLS; cell += 1) sum += (this.#word(cell, COUNTS) & mask) >>> shift;
    return sum;
  }

  #arrive(cell: number): void {
    const arrival = (this.#word0(LAST_ARRIVAL) + 1) | 0;
    Atomics.store(this.#block.words, this.#base + LAST_ARRIVAL, arrival);
    Atomics.store(this.#block.words, this.#index(cell, ARRIVAL), arrival);
  }

  #first(): number {
    // All who wait are here: no other cell need be looked at.
    if (this.waitingHere > 0 && this.waitingHere === this.#word0(TOTAL)) return this.#cell;
    let first = -1;
    let earliest = 0;
    for (let cell = 0; cell < CELLS; cell += 1) {
      if (this.#waitingOf(cell) === 0 || cell === this.#dead) continue;
      const arrival = this.#word(cell, ARRIVAL);
      // Their difference, since the numbers go round after 2 ** 32 arrivals.
      if (first >= 0 && ((arrival - earliest) | 0) > 0) continue;
      first = cell;
      earliest = arrival;
    }
    return first;
  }

  /** The cell of this thread, which it may have from an earlier view of the same object; -1: all are taken. */
  #ownCell(): number {
    if (this.#cell >= 0) return this.#cell;
    let free = -1;
    for (let cell = 0; cell < CELLS; cell += 1) {
      const owner = this.ownerOf(cell);
      if (owner === this.#me) {
        this.#cell = cell;
        return cell;
      }
      if (owner === 0 && free < 0) free = cell;
    }
    if (free >= 0) {
      this.#free(free);
      Atomics.store(this.#block.words, this.#index(free, OWNER), this.#me);
      this.#cell = free;
    }
    return free;
  }

  #freeIfUnused(): void {
    if (this.#cell < 0 || this.#word(this.#cell, COUNTS) !== 0) return;
    this.#free(this.#cell);
    this.#cell = -1;
  }

  /** The owner last: until then the cell is nobody else's. */
  #free(cell: number): void {
    Atomics.store(this.#block.words, this.#index(cell, COUNTS), 0);
    Atomics.store(this.#block.words, this.#index(cell, TAKEN), 0);
    Atomics.store(this.#block.words, this.#index(cell, SLEEP), AWAKE);
    Atomics.store(this.#block.words, this.#index(cell, OWNER), 0);
  }
}
