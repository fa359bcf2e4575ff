/**
 * First in, first out, in constant time however long it is. `Array.shift` moves all that is left once an
 * array is larger than V8 moves its start for: emptying one of 100,000 elements that way takes seconds.
 */

/** How many entries that are taken lie in front before they are cut off, once they are the larger half. */
const CUT = 1024;

export class Fifo<T> {
  #items: Array<T | undefined> = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Takes the oldest. Look at `length` first where `undefined` may be an item. */
  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.length === 0) this.clear();
    else if (this.#head >= CUT && this.#head * 2 >= this.#items.length) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Takes the oldest that `matches` out of the middle; `undefined` when there is none. */
  take(matches: (item: T) => boolean): T | undefined {
    for (let at = this.#head; at < this.#items.length; at += 1) {
      const item = this.#items[at] as T;
      if (!matches(item)) continue;
      this.#items.splice(at, 1);
      return item;
    }
    return undefined;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }
}
