/**
 * What there is for those who wait (items, or free places), and how much of it they have been promised. All of it is done
 * under the latch of the queue.
 */

import type { WaitList } from '../sync/wait-list.ts';

export class Promises {
  readonly #list: WaitList;
  readonly #words: Int32Array;
  readonly #flag: number;
  readonly #available: () => number;

  /** `words[flag]` is 0 when nothing is promised, so that those who find it so need not look through the list. */
  constructor(list: WaitList, words: Int32Array, flag: number, available: () => number) {
    this.#list = list;
    this.#words = words;
    this.#flag = flag;
    this.#available = available;
  }

  /** How much nobody has been promised. */
  get left(): number {
    const available = this.#available();
    if (Atomics.load(this.#words, this.#flag) === 0) return available;
    const { given } = this.#list;
    if (given === 0) Atomics.store(this.#words, this.#flag, 0);
    return available - given;
  }

  /** Promises what there is to those who wait. */
  distribute(): void {
    if (!this.#list.isWaitedFor) return;
    for (let { left } = this; left > 0; left -= 1) {
      // Before: what is promised and not known to be would be taken by somebody else.
      Atomics.store(this.#words, this.#flag, 1);
      if (this.#list.give()) continue;
      // Corrects what a dead thread may have left.
      this.#list.first();
      break;
    }
  }
}
