/**
 * The way back from one worker to the host: the numbers of the slots whose tasks are over, in the order in
 * which they were finished. One writes, one reads.
 *
 *   worker: push(slot) ─▶ tail        ring: 7 3 9        head ◀─ host: shift()
 *
 * Invariants
 * 1. Only the worker writes `tail` and the ring, only the host writes `head`.
 * 2. What the worker wrote before `push` is visible to the host once `shift` has given the number.
 * 3. The ring has room for as many numbers as the board has slots, so it is never full: a worker answers a slot
 *    once, and only slots that it has claimed.
 * 4. The host trusts nothing here: it checks that `tail` is ahead of `head` by no more than there is room.
 */

import { CorruptedMemoryError } from './board.ts';
import type { Region } from './region.ts';

const TAIL = 0;
/** Says whether the worker sleeps; see `parking.ts`. */
export const WORKER_SLEEP = 16;
/** What the worker is about; a hint for the host, which wakes nobody that will come by itself. */
const STATE = 17;
/** It has room for a task, and will take one when it is awake. */
export const OPEN = 0;
/** It takes and runs tasks. */
export const SERVING = 1;
/** It looks for a task just now. */
export const SEARCHING = 2;
/** It waits for its tasks, and has no room for more. */
export const FULL = 3;
const HEAD = 32;
const RING = 48;

function capacityFor(slots: number): number {
  return 2 ** Math.ceil(Math.log2(slots));
}

/** Bytes of a lane for a board with so many slots; what follows in its region is the worker's. */
export function laneBytes(slots: number): number {
  return (RING + capacityFor(slots)) * Int32Array.BYTES_PER_ELEMENT;
}

/** The host's end. */
export class LaneReader {
  readonly words: Int32Array;
  readonly #mask: number;
  #head = 0;
  /** `tail` when it was last looked at: each look costs the worker the cache line. */
  #tail = 0;

  constructor(region: Region, slots: number) {
    this.words = region.words;
    this.#mask = capacityFor(slots) - 1;
  }

  get any(): boolean {
    return Atomics.load(this.words, TAIL) !== this.#head;
  }

  /** `OPEN`, `SERVING`, `SEARCHING` or `FULL`; or nonsense. */
  get state(): number {
    return Atomics.load(this.words, STATE);
  }

  /** The next slot whose task is over, or -1. @throws CorruptedMemoryError */
  shift(): number {
    if (this.#tail === this.#head && !this.#look()) return -1;
    const slot = this.words[RING + (this.#head & this.#mask)] as number;
    if (slot < 0) throw new CorruptedMemoryError(`a lane has slot ${slot} in it`);
    this.#head = (this.#head + 1) | 0;
    return slot;
  }

  /** Whether there is more than was seen last time. */
  #look(): boolean {
    const tail = Atomics.load(this.words, TAIL);
    const ahead = (tail - this.#head) | 0;
    if (ahead < 0 || ahead > this.#mask + 1) {
      throw new CorruptedMemoryError(`the tail of a lane is at ${tail}, its head at ${this.#head}`);
    }
    this.#tail = tail;
    return ahead > 0;
  }

  /** Tells the worker how far the host has read: the memory of those answers is the worker's again. */
  release(): void {
    Atomics.store(this.words, HEAD, this.#head);
  }
}

/** The worker's end. */
export class LaneWriter {
  readonly words: Int32Array;
  readonly #mask: number;
  #tail = 0;

  constructor(region: Region, slots: number) {
    this.words = region.words;
    this.#mask = capacityFor(slots) - 1;
  }

  push(slot: number): void {
    this.words[RING + (this.#tail & this.#mask)] = slot;
    this.#tail = (this.#tail + 1) | 0;
    Atomics.store(this.words, TAIL, this.#tail);
  }

  /** Answers so far, and how many of them the host has read; both wrap at 32 bits. */
  get pushed(): number {
    return this.#tail;
  }

  get read(): number {
    return Atomics.load(this.words, HEAD);
  }

  get state(): number {
    return this.words[STATE] as number;
  }

  set state(state: number) {
    Atomics.store(this.words, STATE, state);
  }
}
