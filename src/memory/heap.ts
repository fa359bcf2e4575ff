/**
 * Blocks of bytes in a region: a two-level segregated fit, which allocates and frees in constant time.
 *
 * The bytes belong to both sides, the bookkeeping to the owner alone: it is plain memory of this thread, so no
 * other side can damage it, and nothing of it is lost when one dies.
 *
 *   base                                                            high                       base + size
 *   ├──── used ────┼─ free ─┼── used ──┼─ free ─┼────── used ───────┼────────────── free ──────────────┤
 *
 * Invariants
 * 1. Every unit of GRAIN bytes belongs to exactly one block. No two free blocks are neighbours.
 * 2. A block is allocated from the low end of a free one, and of the free ones in the smallest class that is
 *    sure to be large enough; of those, the one that was freed last. So what is in use stays together, and in
 *    the processor's caches.
 * 3. Nothing above `high` was ever allocated, hence never touched nor committed: it is a part of the last free
 *    block, which is the largest by nature and so chosen last. Only an allocation that crosses `high` commits.
 *
 * Buddies would be simpler, and round every block up to a power of two.
 *
 * @see Masmano, Ripoll, Crespo, Real: "TLSF: a New Dynamic Memory Allocator for Real-Time Systems", 2004
 */

import type { Region } from './region.ts';

/**
 * The smallest block, in bytes, and what sizes are rounded up to. Two cache lines: neighbours do not share one,
 * nor the pair of lines that processors like to fetch at once.
 */
const GRAIN = 128;

/**
 * Each power of two is divided into so many classes, as a power of two: blocks of one class differ by a
 * sixteenth at most. Below, each size has a class of its own.
 */
const DIVISION_BITS = 4;
const DIVISIONS = 2 ** DIVISION_BITS;

/** Where there is no block; unit 0 is one. */
const NONE = -1;

export class Heap {
  readonly #region: Pick<Region, 'commit'>;
  readonly #base: number;
  readonly #units: number;
  /** The first unit that was never allocated: `high` above, in units. */
  #high = 0;

  /** For the first unit of a block: how many it has, negative if it is in use. Of other units: never negative. */
  readonly #lengths: Int32Array;
  /** For the last unit of a free block: its first unit. NONE at the last unit of a used one. */
  readonly #firsts: Int32Array;
  /** For the first unit of a free block: its neighbours in the list of its class. */
  readonly #next: Int32Array;
  readonly #previous: Int32Array;

  /** The first block of each class. */
  readonly #lists: Int32Array;
  /** Which classes have blocks: a bit for each row of DIVISIONS classes, and for each class of a row. */
  #rows = 0;
  readonly #classes: Int32Array;

  /**
   * Blocks are allocated in [base, base + size) of the region; what does not fill a whole block at the end is
   * left unused. `base` is a multiple of 8; blocks are aligned as it is, up to 128 bytes.
   */
  constructor(region: Pick<Region, 'size' | 'commit'>, base: number, size: number) {
    if (!Number.isInteger(base) || base < 0 || base % 8 !== 0 || base + size > region.size) {
      throw new RangeError(
        `A heap of ${size} bytes at ${base} does not fit a region of ${region.size} bytes`,
      );
    }
    const units = Math.floor(size / GRAIN);
    if (!(units >= 1)) throw new RangeError(`A heap has at least ${GRAIN} bytes, received ${size}`);
    this.#region = region;
    this.#base = base;
    this.#units = units;
    this.#lengths = new Int32Array(units);
    this.#firsts = new Int32Array(units);
    this.#next = new Int32Array(units);
    this.#previous = new Int32Array(units);
    const classes = classOf(units) + 1;
    this.#lists = new Int32Array(classes).fill(NONE);
    this.#classes = new Int32Array(Math.ceil(classes / DIVISIONS));
    this.#insert(0, units);
  }

  /**
   * The offset in the region of a block of at least so many bytes; -1 when no free block is large enough, or the
   * system has no memory for it.
   */
  alloc(bytes: number): number {
    if (!(bytes >= 0)) throw new RangeError(`A block has 0 bytes or more, received ${bytes}`);
    const wanted = bytes <= GRAIN ? 1 : Math.ceil(bytes / GRAIN);
    if (wanted > this.#units) return -1;
    let first = this.#find(wanted);
    // If the system has no more memory, what is committed already has to do.
    if (first + wanted > this.#high && first !== NONE && !this.#raise(first + wanted)) {
      first = this.#search(wanted, this.#high);
    }
    return first === NONE ? -1 : this.#take(first, wanted);
  }

  /** @throws RangeError if that is not the offset of a block that is allocated */
  free(offset: number): void {
    let first = (offset - this.#base) / GRAIN;
    let length = -this.#usedLength(offset, first);
    const before = first === 0 ? NONE : (this.#firsts[first - 1] as number);
    const after = first + length;
    const rest = after === this.#units ? 0 : (this.#lengths[after] as number);
    this.#lengths[first] = 0;
    if (before !== NONE) {
      length += first - before;
      first = before;
      this.#remove(before, this.#lengths[before] as number);
    }
    if (rest > 0) {
      length += rest;
      this.#remove(after, rest);
    }
    this.#insert(first, length);
  }

  /** How many bytes the block has, which may be more than were asked for. @throws RangeError as `free` */
  sizeOf(offset: number): number {
    return -this.#usedLength(offset, (offset - this.#base) / GRAIN) * GRAIN;
  }

  #usedLength(offset: number, first: number): number {
    const length = this.#lengths[first];
    if (length !== undefined && length < 0) return length;
    throw new RangeError(`There is no block at ${offset}, or it has been freed`);
  }

  /** A free block of so many units or more, or NONE. */
  #find(wanted: number): number {
    const sure = classAbove(wanted);
    if (sure < this.#lists.length) {
      let row = sure >>> DIVISION_BITS;
      let classes = (this.#classes[row] as number) & (-1 << (sure & (DIVISIONS - 1)));
      if (classes === 0) {
        row = lowestBit(this.#rows & (-2 << row));
        if (row >= 0) classes = this.#classes[row] as number;
      }
      if (classes !== 0) return this.#lists[(row << DIVISION_BITS) + lowestBit(classes)] as number;
    }
    return this.#search(wanted, this.#units);
  }

  /**
   * The same one by one, for what classes cannot tell: a block of the wanted size's own class that is large
   * enough by chance, or one of which so many units lie below `limit`.
   */
  #search(wanted: number, limit: number): number {
    for (let each = classOf(wanted); each < this.#lists.length; each += 1) {
      let first = this.#lists[each] as number;
      while (first !== NONE) {
        if ((this.#lengths[first] as number) >= wanted && first + wanted <= limit) return first;
        first = this.#next[first] as number;
      }
    }
    return NONE;
  }

  /** Commits all units below `high`. */
  #raise(high: number): boolean {
    const bytesBelow = (units: number): number => this.#base + units * GRAIN;
    if (!this.#region.commit(bytesBelow(this.#high), bytesBelow(high))) return false;
    this.#high = high;
    return true;
  }

  /** Allocates the low end of a free block. Gives its offset. */
  #take(first: number, wanted: number): number {
    const length = this.#lengths[first] as number;
    this.#remove(first, length);
    if (length > wanted) this.#insert(first + wanted, length - wanted);
    this.#lengths[first] = -wanted;
    this.#firsts[first + wanted - 1] = NONE;
    return this.#base + first * GRAIN;
  }

  #insert(first: number, length: number): void {
    const own = classOf(length);
    const head = this.#lists[own] as number;
    this.#lengths[first] = length;
    this.#firsts[first + length - 1] = first;
    this.#next[first] = head;
    this.#previous[first] = NONE;
    this.#lists[own] = first;
    if (head !== NONE) {
      this.#previous[head] = first;
      return;
    }
    const row = own >>> DIVISION_BITS;
    this.#classes[row] = (this.#classes[row] as number) | (1 << (own & (DIVISIONS - 1)));
    this.#rows |= 1 << row;
  }

  #remove(first: number, length: number): void {
    const next = this.#next[first] as number;
    const previous = this.#previous[first] as number;
    if (next !== NONE) this.#previous[next] = previous;
    if (previous !== NONE) {
      this.#next[previous] = next;
      return;
    }
    const own = classOf(length);
    this.#lists[own] = next;
    if (next !== NONE) return;
    const row = own >>> DIVISION_BITS;
    const classes = (this.#classes[row] as number) & ~(1 << (own & (DIVISIONS - 1)));
    this.#classes[row] = classes;
    if (classes === 0) this.#rows &= ~(1 << row);
  }
}

/** Its number, or -1 where there is none. */
function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

/** The class of blocks of so many units: row 0 has the sizes below DIVISIONS, each one after it a power of two. */
function classOf(units: number): number {
  if (units < DIVISIONS) return units;
  const shift = 31 - DIVISION_BITS - Math.clz32(units);
  return (shift << DIVISION_BITS) + (units >>> shift);
}

/** The lowest class all of whose blocks have so many units. */
function classAbove(units: number): number {
  if (units < DIVISIONS) return units;
  const shift = 31 - DIVISION_BITS - Math.clz32(units);
  return classOf(units + (1 << shift) - 1);
}
