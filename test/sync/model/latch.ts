/**
 * In the place of `src/memory/latch.ts`: to take a latch is one step, which is not taken before the latch is free, or its
 * owner dead. How long one looks for it makes no difference to what happens.
 */

import { lockLatch } from '../../memory/model-region.ts';

export class Latch {
  readonly #words: Int32Array;
  readonly #index: number;

  constructor(words: Int32Array, index: number) {
    this.#words = words;
    this.#index = index;
  }

  lock(): boolean {
    return lockLatch(this.#words, this.#index);
  }

  unlock(): void {
    Atomics.store(this.#words, this.#index, 0);
  }
}
