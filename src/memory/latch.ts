/**
 * A lock for a few hundred nanoseconds: what takes several steps in shared memory is done under one.
 *
 * Rules for what is done under a latch
 * 1. It waits for nothing, calls nothing of the user's, and does not throw in between.
 * 2. It may end after any step, since a thread may be killed there. So each change that matters is one store, or what
 *    was left half done can be told and completed by the next who takes the latch (`lock()` says so).
 *
 * Whoever finds it taken looks again and again for some microseconds, which is longer than anybody has it, unless the
 * system has taken the processor from the owner. Then it naps. Nobody is ever woken: letting go costs one store.
 */

import { InvalidStateError } from '../errors.ts';
import { nap } from './nap.ts';
import { isAlive, ownerWord } from './owner.ts';

const FREE = 0;
/** About 2 us. Shorter, and a latch that changes hands puts threads to sleep; longer, and one core spins in vain. */
const LOOKS = 100;
const SHORTEST_NAP_MS = 0.05;
const LONGEST_NAP_MS = 2;
/** After so many naps, about 10 ms, the owner may be dead. Asking costs as much as many a nap. */
const NAPS_BEFORE_ASKING = 10;

export class Latch {
  readonly #words: Int32Array;
  readonly #index: number;
  readonly #me: number = ownerWord();

  /** `words[index]`, which is 0 at first, says who has it. */
  constructor(words: Int32Array, index: number) {
    this.#words = words;
    this.#index = index;
  }

  /** True: it was taken over from a thread that died with it, and may have left something half done. */
  lock(): boolean {
    return Atomics.compareExchange(this.#words, this.#index, FREE, this.#me) !== FREE && this.#wait();
  }

  unlock(): void {
    Atomics.store(this.#words, this.#index, FREE);
  }

  #wait(): boolean {
    let pause = SHORTEST_NAP_MS;
    for (let round = 1; ; round += 1) {
      for (let look = 0; look < LOOKS; look += 1) {
        if (Atomics.load(this.#words, this.#index) === FREE && this.#exchange(FREE)) return false;
      }
      const owner = Atomics.load(this.#words, this.#index);
      if (owner === this.#me) throw new InvalidStateError('A latch was locked twice by the same thread');
      nap(pause);
      pause = Math.min(pause * 2, LONGEST_NAP_MS);
      if (round % NAPS_BEFORE_ASKING === 0 && owner !== FREE && !isAlive(owner) && this.#exchange(owner)) {
        return true;
      }
    }
  }

  #exchange(from: number): boolean {
    return Atomics.compareExchange(this.#words, this.#index, from, this.#me) === from;
  }
}
