/** Which item comes next: the one thing in which the kinds of queues differ. */

import { type Cells, NEXT } from './cells.ts';
import { HeapOrder } from './heap-order.ts';
import { COUNT, HEAD, TAIL } from './layout.ts';
import type { Ledger } from './ledger.ts';

/** In the block of a queue: the same number for all versions of the code that share memory. */
export const FIFO = 1;
export const LIFO = 2;
export const PRIORITY = 3;

/**
 * Items are the addresses of their first cells. All of it is within a change of the ledger, whose COUNT is that before the
 * change; the change of COUNT is the caller's.
 */
export interface Order {
  /** Whether it has room for one more. If not, it wants a piece of so many bytes; 0: it has. */
  wants(): number;
  /** The piece that it wanted. Gives the address of the one that it does not need any more, or 0. */
  enlarge(address: number, bytes: number): number;
  insert(item: number): void;
  /** The next one, if there is any. Also outside of changes. */
  first(): number;
  removeFirst(): void;
  /** Makes an item the first that was so before. */
  restore(item: number): void;
  /** All items. Outside of changes. */
  items(): IterableIterator<number>;
}

export function orderOf(discipline: number, ledger: Ledger, region: Int32Array, cells: Cells): Order {
  if (discipline === PRIORITY) return new HeapOrder(ledger, region, cells);
  return new ListOrder(ledger, region, discipline === LIFO);
}

/** A list through the items: HEAD ─▶ item ─NEXT─▶ item ... ◀─ TAIL. */
class ListOrder implements Order {
  readonly #ledger: Ledger;
  readonly #region: Int32Array;
  readonly #isLifo: boolean;

  constructor(ledger: Ledger, region: Int32Array, isLifo: boolean) {
    this.#ledger = ledger;
    this.#region = region;
    this.#isLifo = isLifo;
  }

  wants(): number {
    return 0;
  }

  enlarge(): number {
    return 0;
  }

  insert(item: number): void {
    if (this.#isLifo) return this.restore(item);
    const ledger = this.#ledger;
    if (ledger.get(COUNT) === 0) ledger.set(HEAD, item);
    // Nobody looks at the link of the last item before this is committed.
    else this.#region[ledger.get(TAIL) + NEXT] = item;
    ledger.set(TAIL, item);
  }

  first(): number {
    return this.#ledger.get(HEAD);
  }

  removeFirst(): void {
    this.#ledger.set(HEAD, this.#region[this.first() + NEXT] as number);
  }

  restore(item: number): void {
    const ledger = this.#ledger;
    if (ledger.get(COUNT) === 0) ledger.set(TAIL, item);
    this.#region[item + NEXT] = ledger.get(HEAD);
    ledger.set(HEAD, item);
  }

  *items(): IterableIterator<number> {
    let item = this.first();
    for (let left = this.#ledger.get(COUNT); left > 0; left -= 1) {
      const next = this.#region[item + NEXT] as number;
      yield item;
      item = next;
    }
  }
}
