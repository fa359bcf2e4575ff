/**
 * The least first: a binary heap of items, in a piece of memory of its own.
 *
 * An item carries its key as its first words (`sort-key.ts`); of equal keys the item that was put first comes first. To
 * insert and to remove moves as many entries as the heap is deep, so each move goes through the journal.
 *
 * @see J. W. J. Williams, "Algorithm 232: Heapsort" (1964).
 */

import { type Cells, NUMBER } from './cells.ts';
import { keyWordsOf } from './items.ts';
import { COUNT, HEAP, HEAP_ROOM } from './layout.ts';
import type { Ledger } from './ledger.ts';
import type { Order } from './order.ts';
import { compareWords } from './sort-key.ts';

const WORD_BYTES = Int32Array.BYTES_PER_ELEMENT;
/** The words of a piece before the entries: which object of the arena it is. */
export const HEAP_GENERATION = 0;
const ENTRIES = 2;
const SMALLEST_BYTES = 1024;

export class HeapOrder implements Order {
  readonly #ledger: Ledger;
  readonly #region: Int32Array;
  readonly #cells: Cells;

  constructor(ledger: Ledger, region: Int32Array, cells: Cells) {
    this.#ledger = ledger;
    this.#region = region;
    this.#cells = cells;
  }

  wants(): number {
    const room = this.#ledger.get(HEAP_ROOM);
    if (this.#ledger.get(COUNT) < room) return 0;
    return Math.max(SMALLEST_BYTES, 2 * (room + ENTRIES) * WORD_BYTES);
  }

  enlarge(address: number, bytes: number): number {
    const ledger = this.#ledger;
    const before = ledger.get(HEAP);
    const count = ledger.get(COUNT);
    if (count > 0) {
      this.#region.copyWithin(address + ENTRIES, before + ENTRIES, before + ENTRIES + count);
    }
    ledger.set(HEAP, address);
    ledger.set(HEAP_ROOM, bytes / WORD_BYTES - ENTRIES);
    return before;
  }

  insert(item: number): void {
    let index = this.#ledger.get(COUNT);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const other = this.#at(parent);
      if (!this.#isBefore(item, other)) break;
      this.#put(index, other);
      index = parent;
    }
    this.#put(index, item);
  }

  first(): number {
    return this.#at(0);
  }

  removeFirst(): void {
    const count = this.#ledger.get(COUNT) - 1;
    if (count === 0) return;
    const item = this.#at(count);
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= count) break;
      if (child + 1 < count && this.#isBefore(this.#at(child + 1), this.#at(child))) child += 1;
      const other = this.#at(child);
      if (!this.#isBefore(other, item)) break;
      this.#put(index, other);
      index = child;
    }
    this.#put(index, item);
  }

  /** Its number, which is lower than those of its equals, brings it to where it was. */
  restore(item: number): void {
    this.insert(item);
  }

  *items(): IterableIterator<number> {
    const count = this.#ledger.get(COUNT);
    for (let index = 0; index < count; index += 1) yield this.#at(index);
  }

  #at(index: number): number {
    return this.#region[this.#ledger.get(HEAP) + ENTRIES + index] as number;
  }

  #put(index: number, item: number): void {
    this.#ledger.write(this.#ledger.get(HEAP) + ENTRIES + index, item);
  }

  #isBefore(item: number, other: number): boolean {
    const cells = this.#cells;
    const words = Math.min(keyWordsOf(cells.kindOf(item)), keyWordsOf(cells.kindOf(other)));
    for (let index = 0; index < words; index += 1) {
      const difference = compareWords(cells.wordOf(item, index), cells.wordOf(other, index));
      if (difference !== 0) return difference < 0;
    }
    const numberOf = (which: number): number => this.#region[which + NUMBER] as number;
    return ((numberOf(item) - numberOf(other)) | 0) < 0;
  }
}
