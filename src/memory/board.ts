/**
 * Where a pool puts up its tasks, and whoever is free takes the next one.
 *
 *   host                                 the board                              workers
 *   take() ─▶ fill in the slot ─▶ post()   ring: 7 3 9 . . .   (slot numbers)      claim() ─▶ slot 7 is mine
 *                                 publish()     ▲head   ▲tail
 *   revoke(slot)  ─────────────────────────▶  slots: [state | what the host wrote ]
 *   free(slot)
 *
 * The truth is in the state of each slot; the ring only says in which order to look at them.
 *
 *                 post                 claim (by worker n)
 *   free(g) ───────────────▶ ready(g) ─────────────────────▶ claimed(g, n)
 *      ▲                        │                                 │
 *      └──────── revoke ────────┘                                 │
 *      └───────────────────────── free ───────────────────────────┘          g: generation, n: lane
 *
 * Invariants
 * 1. `claim` and `revoke` are one compare-and-exchange each on the same word, so a task has one taker.
 * 2. A claim is one step, and says who made it. A worker that dies before it has taken nothing, and after it the
 *    host finds the slot in its name.
 * 3. Every slot that is ready has an entry in the ring from `head` on: `head` passes an entry only when
 *    somebody has looked at its slot, and found it not ready or made it his own; and the host writes over an entry
 *    only when `head` has passed it.
 * 4. An entry may be looked at by a worker that was held up, and names another task by then. If that one is
 *    ready the worker may as well take it: its own entry is found claimed later. So stale looks are harmless.
 * 5. The generation rises with each use of a slot, so an answer to an earlier use is told from one to this.
 * 6. Only the host writes `tail`, the ring, and a slot that is free; only the claimer writes to a claimed one.
 * 7. What is written plainly is ordered by an atomic on the state of its slot: the host's words by `post`, which
 *    the claim reads; the worker's by the push on its lane, which the host reads before it frees the slot. Entries are
 *    written plainly too: in their turn they are ordered by `tail`, and looks out of turn get what was or what will be
 *    there, see 4. `test/memory/protocol-board.test.ts` tries all orders.
 */

import type { Region } from './region.ts';

/** Words in a slot: its state, and what the two sides write into it. Two cache lines. */
export const SLOT_WORDS = 32;

// Words that different sides write are on cache lines of their own.
const HEAD = 0;
const TAIL = 16;
/** Says whether the host sleeps; see `parking.ts`. */
export const HOST_SLEEP = 32;
/** Workers that are awake and at it. */
export const ACTIVE = 48;
const RING = 64;

const OWNER_BITS = 12;
const OWNER = (1 << OWNER_BITS) - 1;
const FREE = 0;
const READY = OWNER;
/** Lanes that a state has room for. */
export const MOST_LANES: number = OWNER - 1;
const GENERATIONS = 1 << (32 - OWNER_BITS);

export interface BoardShape {
  /** Tasks that may be up and not taken; a power of two. */
  readonly entries: number;
  /** Tasks that may be up or taken. */
  readonly slots: number;
}

/** The shared memory is not as it can be: something wrote into it that should not. */
export class CorruptedMemoryError extends Error {
  override name = 'CorruptedMemoryError';
}

const firstSlot = ({ entries }: BoardShape): number => align(RING + entries, SLOT_WORDS);

/** Bytes of a board; what follows in its region is free for other use. */
export function boardBytes(shape: BoardShape): number {
  return (firstSlot(shape) + shape.slots * SLOT_WORDS) * Int32Array.BYTES_PER_ELEMENT;
}

function align(n: number, to: number): number {
  return Math.ceil(n / to) * to;
}

/** The host's side. */
export class Board {
  readonly region: Region;
  readonly words: Int32Array;
  readonly shape: BoardShape;
  readonly #mask: number;
  readonly #first: number;
  /** Posted, counted from the beginning, wrapping at 32 bits. */
  #tail = 0;
  #published = 0;
  /** `head` when it was last looked at. */
  #head = 0;
  /** The last in is the first out: a small number of slots stays in the caches. */
  readonly #free: number[] = [];
  #fresh = 0;
  readonly #generations: Int32Array;
  readonly #entries: Int32Array;

  constructor(region: Region, shape: BoardShape) {
    this.region = region;
    this.words = region.words;
    this.shape = shape;
    this.#mask = shape.entries - 1;
    this.#first = firstSlot(shape);
    this.#generations = new Int32Array(shape.slots);
    this.#entries = new Int32Array(shape.slots);
  }

  /** The index of a slot's first word. Word 0 is its state; the others are the caller's. */
  at(slot: number): number {
    return this.#first + slot * SLOT_WORDS;
  }

  /**
   * A slot to fill in, or -1: all are in use, or as many tasks are up as there may be.
   *
   * @throws CorruptedMemoryError
   */
  take(): number {
    const { entries } = this.shape;
    if (((this.#tail - this.#head) | 0) === entries && this.unclaimed === entries) {
      this.#sweep();
      if (this.unclaimed === entries) return -1;
    }
    const slot = this.#free.pop();
    if (slot !== undefined) return slot;
    if (this.#fresh === this.shape.slots) return -1;
    return this.#fresh++;
  }

  /** Puts up what was written into the slot. Workers see it after `publish`, or before. */
  post(slot: number): void {
    const generation = ((this.#generations[slot] as number) + 1) % GENERATIONS;
    this.#generations[slot] = generation;
    const entry = RING + (this.#tail & this.#mask);
    this.#entries[slot] = entry;
    Atomics.store(this.words, this.at(slot), (generation << OWNER_BITS) | READY);
    this.words[entry] = slot;
    this.#tail = (this.#tail + 1) | 0;
  }

  publish(): void {
    if (this.#published === this.#tail) return;
    this.#published = this.#tail;
    Atomics.store(this.words, TAIL, this.#tail);
  }

  /** Entries that no worker has looked at yet. @throws CorruptedMemoryError */
  get unclaimed(): number {
    this.#head = Atomics.load(this.words, HEAD);
    const unclaimed = (this.#tail - this.#head) | 0;
    if (unclaimed < 0 || unclaimed > this.shape.entries) {
      throw new CorruptedMemoryError(`the head of the board is at ${this.#head}, its tail at ${this.#tail}`);
    }
    const published = Atomics.load(this.words, TAIL);
    if (published !== this.#published) {
      throw new CorruptedMemoryError(`the tail of the board is at ${published}, not at ${this.#published}`);
    }
    return unclaimed;
  }

  /**
   * Passes the entries at the head whose tasks were taken down, or claimed by a worker that died before it could pass
   * them. Workers would do so, but may be asleep: a ring full of them would let nothing in, and with nothing in it
   * nobody would ever look. Only what was published: with `head` ahead of `tail` workers would run round and round.
   */
  #sweep(): void {
    const { words } = this;
    let head = Atomics.load(words, HEAD);
    // Counted, as the words are also in the hands of others.
    for (let looks = 0; looks < this.shape.entries && head !== this.#published; looks += 1) {
      if (this.holder(words[RING + (head & this.#mask)] as number) === NOBODY_YET) break;
      const next = (head + 1) | 0;
      const seen = Atomics.compareExchange(words, HEAD, head, next);
      head = seen === head ? next : seen;
    }
  }

  generation(slot: number): number {
    return this.#generations[slot] as number;
  }

  /** The lane of the worker that has claimed what was posted last in this slot; or `NOBODY_YET`, or `NOBODY`. */
  holder(slot: number): number {
    const generation = this.#generations[slot];
    if (generation === undefined) return NOBODY;
    const state = Atomics.load(this.words, this.at(slot));
    const owner = state & OWNER;
    if (state >>> OWNER_BITS !== generation || owner === FREE) return NOBODY;
    return owner === READY ? NOBODY_YET : owner - 1;
  }

  /** Takes a task down again; false when a worker has claimed it. The slot is then free. */
  revoke(slot: number): boolean {
    const generation = (this.#generations[slot] as number) << OWNER_BITS;
    const ready = generation | READY;
    if (Atomics.compareExchange(this.words, this.at(slot), ready, generation | FREE) !== ready) return false;
    // Else the entry would lead to the task that gets the slot next, before its turn.
    const entry = this.#entries[slot] as number;
    if (this.words[entry] === slot) this.words[entry] = NOTHING;
    this.#free.push(slot);
    return true;
  }

  /** The task in a claimed slot is over. */
  free(slot: number): void {
    this.#free.push(slot);
  }
}

/** In the ring: the task that was here has been taken down. */
const NOTHING = -1;

/** Holders that are no lanes. */
export const NOBODY_YET = -1;
export const NOBODY = -2;

/** A worker's side. */
export class BoardClaims {
  readonly words: Int32Array;
  readonly #mask: number;
  readonly #first: number;
  readonly #slots: number;
  readonly #owner: number;

  /** @param lane the number that this worker's claims are made in. */
  constructor(region: Region, shape: BoardShape, lane: number) {
    this.words = region.words;
    this.#mask = shape.entries - 1;
    this.#first = firstSlot(shape);
    this.#slots = shape.slots;
    this.#owner = lane + 1;
  }

  at(slot: number): number {
    return this.#first + slot * SLOT_WORDS;
  }

  generation(slot: number): number {
    return (this.words[this.at(slot)] as number) >>> OWNER_BITS;
  }

  /** Takes the next task: its slot, or -1 when there is none. */
  claim(): number {
    const { words } = this;
    let head = Atomics.load(words, HEAD);
    for (;;) {
      if (head === Atomics.load(words, TAIL)) return -1;
      const slot = Atomics.load(words, RING + (head & this.#mask));
      // Neither `NOTHING`, nor what would have every worker that comes here die of it.
      const mine = slot >>> 0 < this.#slots && this.#claimSlot(slot);
      const next = (head + 1) | 0;
      const seen = Atomics.compareExchange(words, HEAD, head, next);
      if (mine) return slot;
      head = seen === head ? next : seen;
    }
  }

  /** Whether there is anything up that nobody has looked at. */
  get any(): boolean {
    return Atomics.load(this.words, HEAD) !== Atomics.load(this.words, TAIL);
  }

  #claimSlot(slot: number): boolean {
    const at = this.at(slot);
    const state = Atomics.load(this.words, at);
    if ((state & OWNER) !== READY) return false;
    const claimed = (state & ~OWNER) | this.#owner;
    return Atomics.compareExchange(this.words, at, state, claimed) === state;
  }
}
