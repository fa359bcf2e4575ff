/**
 * A queue from which also those in the middle may go.
 *
 * Not a `Set`, which can do the same: one that many come to and leave makes itself a new table every so often, and each
 * old one leads to the next. Once the collector has moved one of them to the old space, all that come after it stay until a
 * full collection, with what they held: two thirds of the time of a lock that 64 functions fight for went there.
 */

/** What an entry carries; only `LinkedFifo` writes it. */
export interface Entry<E> {
  before?: E | undefined;
  after?: E | undefined;
  /** The one it is in. */
  queue?: object | undefined;
}

export class LinkedFifo<E extends Entry<E>> {
  #first: E | undefined;
  #last: E | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): E | undefined {
    return this.#first;
  }

  has(entry: E): boolean {
    return entry.queue === this;
  }

  /** To the end. An entry is in one queue at most. */
  add(entry: E): void {
    entry.before = this.#last;
    entry.queue = this;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.after = entry;
    this.#last = entry;
    this.#size += 1;
  }

  /** False: it was not in. */
  delete(entry: E): boolean {
    if (entry.queue !== this) return false;
    const { before, after } = entry;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    // Or this one, once old, would keep its neighbours as the tables of a `Set` do.
    entry.before = undefined;
    entry.after = undefined;
    entry.queue = undefined;
    this.#size -= 1;
    return true;
  }
}
