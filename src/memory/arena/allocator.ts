/**
 * Blocks of an arena: a free list for each class of sizes, under one latch, and untouched memory above all blocks.
 *
 *   class 0 1 2 3 ... 8 ...                 list: head ─▶ block ─▶ block ─▶ 0
 *   sizes 128 256 384 512 ... 1280 1536 1792 2048 2560 ...     four to each power of two
 *
 * All of it is in shared memory, and any thread may be killed at any step.
 *
 * Invariants
 * 1. A block is taken off a list, put on a list, or taken from above the top by one store. Whoever dies before it has
 *    changed nothing, and whoever dies after it takes at most the block along that was in its hands.
 * 2. From FIRST to the top each block begins where the one before it ends, at all times. So what is to lie in
 *    the middle of a block gets its headers first, and then the block is made shorter, by one store.
 * 3. Blocks are divided and never joined: who frees would have to change its neighbours as well, in several steps.
 *    That costs memory only where a program first fills the arena with small objects, and then wants large ones.
 * 4. What is given is all 0. Above the top it is so by nature; else it is cleared by who has taken it, without the latch.
 *
 * A buddy allocator would join blocks, round up to powers of two, and has the same trouble.
 */

import { Latch } from '../latch.ts';
import type { Region } from '../region.ts';
import * as layout from './layout.ts';

/** Each power of two of sizes is divided into so many classes, as a power of two. */
const DIVISION_BITS = 2;
const DIVISIONS = 2 ** DIVISION_BITS;
/** What is committed beyond what is needed, so that not each small block asks the system. */
const COMMIT_BYTES = 2 ** 18;
const NONE = 0;

export class Allocator {
  readonly #region: Region;
  readonly #words: Int32Array;
  readonly #latch: Latch;

  constructor(region: Region) {
    this.#region = region;
    this.#words = region.words;
    this.#latch = new Latch(region.words, layout.LATCH);
  }

  /** Prepares memory in which there is nothing yet. False: the system has no memory for it, see `refusal`. */
  static format(region: Region): boolean {
    if (!region.commit(0, layout.FIRST)) return false;
    Atomics.store(region.words, layout.COMMITTED, layout.FIRST);
    Atomics.store(region.words, layout.TOP, layout.FIRST);
    return true;
  }

  /** The offset of a block with room for so many bytes behind its header, all 0; or -1 when there is none. */
  allocate(bytes: number): number {
    // Also keeps what follows within the numbers that bits can be counted in.
    if (bytes > this.#region.size) return -1;
    const units = Math.ceil((bytes + layout.HEADER_BYTES) / layout.GRAIN);
    const wanted = classFor(units);
    const size = unitsOf(wanted) * layout.GRAIN;
    let full = false;
    for (;;) {
      this.#latch.lock();
      let offset = this.#takeFree(wanted);
      const top = Atomics.load(this.#words, layout.TOP);
      const end = top + size;
      const fits = !full && end <= this.#region.size;
      const isFresh = offset === NONE && fits && end <= Atomics.load(this.#words, layout.COMMITTED);
      if (isFresh) {
        offset = top;
        Atomics.store(this.#words, offset / 4 + layout.SIZE, size);
        Atomics.store(this.#words, layout.TOP, end);
      }
      if (offset === NONE && !fits) offset = this.#divideFree(wanted);
      this.#latch.unlock();
      if (offset !== NONE) {
        if (!isFresh) this.#region.bytes.fill(0, offset + layout.HEADER_BYTES, offset + this.#sizeOf(offset));
        return offset;
      }
      if (!fits) return -1;
      // Not under the latch: the system may take long to clear so much memory.
      full = !this.#commit(end);
    }
  }

  /** The caller is the only one who knows of this block. */
  free(offset: number): void {
    this.#latch.lock();
    this.#putFree(offset);
    this.#latch.unlock();
  }

  /** The offsets of all blocks, also of those that are free. What is allocated meanwhile may be missing. */
  *blocks(): IterableIterator<number> {
    const top = Atomics.load(this.#words, layout.TOP);
    for (let offset = layout.FIRST; offset < top; offset += this.#sizeOf(offset)) yield offset;
  }

  #sizeOf(offset: number): number {
    return Atomics.load(this.#words, offset / 4 + layout.SIZE);
  }

  #commit(end: number): boolean {
    const to = Math.min(Math.ceil(end / COMMIT_BYTES) * COMMIT_BYTES, this.#region.size);
    for (;;) {
      const from = Atomics.load(this.#words, layout.COMMITTED);
      if (from >= end) return true;
      // All below `from` is: so either all below `to` is now, or somebody else has gone further.
      if (!this.#region.commit(from, to) && !this.#region.commit(from, end)) return false;
      Atomics.compareExchange(this.#words, layout.COMMITTED, from, to);
    }
  }

  #takeFree(own: number): number {
    const list = layout.FREE_LISTS + own;
    const offset = Atomics.load(this.#words, list);
    if (offset !== NONE) Atomics.store(this.#words, list, this.#words[offset / 4 + layout.NEXT] as number);
    return offset;
  }

  #putFree(offset: number): void {
    const list = layout.FREE_LISTS + classUpTo(this.#sizeOf(offset) / layout.GRAIN);
    this.#words[offset / 4 + layout.NEXT] = Atomics.load(this.#words, list);
    Atomics.store(this.#words, list, offset);
  }

  /** The low end of a larger block, whose rest becomes free blocks. */
  #divideFree(wanted: number): number {
    let own = wanted + 1;
    while (own < CLASSES && Atomics.load(this.#words, layout.FREE_LISTS + own) === NONE) own += 1;
    if (own >= CLASSES) return NONE;
    const offset = this.#takeFree(own);
    const end = offset + this.#sizeOf(offset);
    const size = unitsOf(wanted) * layout.GRAIN;
    const rest: number[] = [];
    for (let at = offset + size; at < end; at += this.#sizeOf(at)) {
      const part = unitsOf(classUpTo((end - at) / layout.GRAIN)) * layout.GRAIN;
      this.#words.fill(0, at / 4, (at + layout.HEADER_BYTES) / 4);
      Atomics.store(this.#words, at / 4 + layout.SIZE, part);
      rest.push(at);
    }
    Atomics.store(this.#words, offset / 4 + layout.SIZE, size);
    for (const part of rest) this.#putFree(part);
    return offset;
  }
}

/** The largest class with blocks of no more than so many units of `GRAIN` bytes: of as many, if it is a size at all. */
function classUpTo(units: number): number {
  if (units < DIVISIONS) return units;
  const shift = 31 - DIVISION_BITS - Math.clz32(units);
  return (shift << DIVISION_BITS) + (units >>> shift);
}

/** The smallest class whose blocks have so many units. */
function classFor(units: number): number {
  const own = classUpTo(units);
  return unitsOf(own) < units ? own + 1 : own;
}

function unitsOf(own: number): number {
  if (own < DIVISIONS) return own;
  return ((own & (DIVISIONS - 1)) | DIVISIONS) * 2 ** ((own >> DIVISION_BITS) - 1);
}

/** As many as there are lists for: blocks of up to 2 GiB. */
const CLASSES: number = layout.PARTICIPANTS - layout.FREE_LISTS;
