/**
 * Memory for items: cells of one size, of which an item takes as many as it needs.
 *
 *   first cell   LINK  NEXT  LENGTH  NUMBER  KIND  words of the item ...
 *   the others   LINK  words of the item ...
 *
 *   FREE ─▶ cell ─▶ cell ─▶ cell ...        FRESH ........ FRESH_END
 *            '──── LINK ────'                never used, one after the other
 *
 * Invariants
 * 1. The cells of an item are linked in their order, and so are the free ones. `LENGTH` says how many are the item's, and
 *    `FREE_COUNT` how many are free: links behind the last are not looked at.
 * 2. So to take cells off the list and fill them changes nothing that counts, until FREE is committed as the cell behind
 *    them; and to give them back is to let the last of them lead to FREE before they are committed to be FREE.
 * 3. Those that were freed last are taken first, as they are in the processor's cache.
 *
 * When the queue is empty all cells are free, and fresh again; the pieces they were in are given back if they are many.
 */

import {
  CELL_WORDS,
  FIRST_CELL,
  FREE,
  FREE_COUNT,
  FRESH,
  FRESH_END,
  IDLE,
  PIECE_BYTES,
  PIECES,
  QUEUE_WORDS,
} from './layout.ts';
import type { Ledger } from './ledger.ts';

const LINK = 0;
/** The item after this one, as the order of the queue understands it. */
export const NEXT = 1;
/** Words of the item. */
const LENGTH = 2;
/** How many items had been put before it. */
export const NUMBER = 3;
/** What it is: see `items.ts`. */
export const KIND = 4;
const FIRST_HEADER = 5;
const HEADER = 1;

/** At the beginning of a piece, in place of its first cell: the piece before it. */
const PREVIOUS = 0;
/** Which object of the arena it is. */
const GENERATION = 1;
const BYTES = 2;

const WORD_BYTES = Int32Array.BYTES_PER_ELEMENT;
/** The first piece; each is as large as all before it together, up to the largest. */
const SMALLEST_PIECE = 2 ** 14;
const LARGEST_PIECE = 2 ** 20;
/** Lower, and queues that are emptied now and then get and give back memory all the time. */
const KEPT_BYTES = 2 ** 18;

/** What an item is besides its words. */
export interface Words {
  /** The item is `words[0, length)`. */
  readonly words: Int32Array;
  readonly length: number;
  readonly kind: number;
}

export class Cells {
  readonly #ledger: Ledger;
  readonly #region: Int32Array;
  /** Of the cells in the block itself. */
  readonly #first: number;
  readonly #end: number;

  /** `start`: where the block of the queue begins. */
  constructor(ledger: Ledger, region: Int32Array, start: number) {
    this.#ledger = ledger;
    this.#region = region;
    this.#first = start + FIRST_CELL;
    this.#end = start + QUEUE_WORDS;
  }

  /** Begins anew: for who makes the queue, and when it is empty. Within a change. */
  reset(): void {
    const ledger = this.#ledger;
    ledger.set(FREE, 0);
    ledger.set(FREE_COUNT, 0);
    ledger.set(FRESH, this.#first);
    ledger.set(FRESH_END, this.#end);
    ledger.set(IDLE, ledger.get(PIECES));
    ledger.set(PIECES, 0);
    ledger.set(PIECE_BYTES, 0);
  }

  /** Whether there is more memory than an empty queue should keep. */
  get isExcessive(): boolean {
    return this.#ledger.get(PIECE_BYTES) > KEPT_BYTES && this.#ledger.get(IDLE) === 0;
  }

  /** Whether there is room for an item of so many words. */
  hasRoom(length: number): boolean {
    const ledger = this.#ledger;
    const fresh = (ledger.get(FRESH_END) - ledger.get(FRESH)) / CELL_WORDS;
    return cellsFor(length) <= ledger.get(FREE_COUNT) + fresh;
  }

  /** How large a piece to get, for an item for which there is no room. */
  sizeOfPiece(length: number): number {
    const usual = Math.min(Math.max(this.#ledger.get(PIECE_BYTES), SMALLEST_PIECE), LARGEST_PIECE);
    return Math.max(usual, (cellsFor(length) + 1) * CELL_WORDS * WORD_BYTES);
  }

  /** A new piece, for fresh cells. Within a change. */
  addPiece(address: number, generation: number, bytes: number): void {
    const ledger = this.#ledger;
    const region = this.#region;
    region[address + PREVIOUS] = ledger.get(PIECES);
    region[address + GENERATION] = generation;
    region[address + BYTES] = bytes;
    for (let cell = ledger.get(FRESH); cell < ledger.get(FRESH_END); cell += CELL_WORDS) {
      region[cell + LINK] = ledger.get(FREE);
      ledger.set(FREE, cell);
      ledger.add(FREE_COUNT, 1);
    }
    ledger.set(PIECES, address);
    ledger.add(PIECE_BYTES, bytes);
    ledger.set(FRESH, address + CELL_WORDS);
    ledger.set(FRESH_END, address + Math.floor(bytes / WORD_BYTES / CELL_WORDS) * CELL_WORDS);
  }

  /** Takes a piece off the list of those that are to be given back. Within a change. */
  takeIdle(): { readonly address: number; readonly generation: number } {
    const address = this.#ledger.get(IDLE);
    this.#ledger.set(IDLE, this.#region[address + PREVIOUS] as number);
    return { address, generation: this.#region[address + GENERATION] as number };
  }

  /** All pieces there are. For who frees the queue. */
  *pieces(): IterableIterator<{ readonly address: number; readonly generation: number }> {
    for (const list of [PIECES, IDLE]) {
      for (let address = this.#ledger.get(list); address !== 0; ) {
        const piece = { address, generation: this.#region[address + GENERATION] as number };
        address = this.#region[address + PREVIOUS] as number;
        yield piece;
      }
    }
  }

  /** Writes an item into cells, for which there is room, and gives the first of them. Within a change. */
  store(item: Words, number: number): number {
    const ledger = this.#ledger;
    const region = this.#region;
    const { words, length } = item;
    let free = ledger.get(FREE);
    let freeCount = ledger.get(FREE_COUNT);
    let fresh = ledger.get(FRESH);
    let cell: number;
    if (freeCount > 0) {
      cell = free;
      free = region[cell + LINK] as number;
      freeCount -= 1;
    } else {
      cell = fresh;
      fresh += CELL_WORDS;
    }
    const first = cell;
    region[first + LENGTH] = length;
    region[first + NUMBER] = number;
    region[first + KIND] = item.kind;
    let at = first + FIRST_HEADER;
    for (let from = 0; ; ) {
      const room = cell + CELL_WORDS - at;
      const to = from + room < length ? from + room : length;
      for (; from < to; from += 1, at += 1) region[at] = words[from] as number;
      if (from === length) break;
      let next: number;
      if (freeCount > 0) {
        next = free;
        free = region[next + LINK] as number;
        freeCount -= 1;
      } else {
        next = fresh;
        fresh += CELL_WORDS;
      }
      region[cell + LINK] = next;
      cell = next;
      at = cell + HEADER;
    }
    ledger.set(FREE, free);
    ledger.set(FREE_COUNT, freeCount);
    ledger.set(FRESH, fresh);
    return first;
  }

  lengthOf(first: number): number {
    return this.#region[first + LENGTH] as number;
  }

  kindOf(first: number): number {
    return this.#region[first + KIND] as number;
  }

  /** Copies an item from its word `skipped` on. */
  load(first: number, into: Int32Array, skipped: number): void {
    const region = this.#region;
    const length = this.lengthOf(first);
    let cell = first;
    let at = first + FIRST_HEADER;
    for (let from = 0; ; ) {
      const room = cell + CELL_WORDS - at;
      const to = from + room < length ? from + room : length;
      if (to <= skipped) from = to;
      else {
        if (from < skipped) {
          at += skipped - from;
          from = skipped;
        }
        for (; from < to; from += 1, at += 1) into[from - skipped] = region[at] as number;
      }
      if (from === length) return;
      cell = region[cell + LINK] as number;
      at = cell + HEADER;
    }
  }

  /** Frees the cells of an item. Within a change. */
  release(first: number): void {
    const ledger = this.#ledger;
    const region = this.#region;
    const count = cellsFor(this.lengthOf(first));
    let last = first;
    for (let cell = 1; cell < count; cell += 1) last = region[last + LINK] as number;
    region[last + LINK] = ledger.get(FREE);
    ledger.set(FREE, first);
    ledger.add(FREE_COUNT, count);
  }

  /** One word of an item; of those far behind it takes long to get there. */
  wordOf(first: number, index: number): number {
    const region = this.#region;
    let cell = first;
    let header = FIRST_HEADER;
    let left = index;
    while (left >= CELL_WORDS - header) {
      left -= CELL_WORDS - header;
      cell = region[cell + LINK] as number;
      header = HEADER;
    }
    return region[cell + header + left] as number;
  }
}

function cellsFor(length: number): number {
  const rest = length - (CELL_WORDS - FIRST_HEADER);
  return rest <= 0 ? 1 : 1 + Math.ceil(rest / (CELL_WORDS - HEADER));
}
