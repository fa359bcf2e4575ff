/** The memory of one object, every access to which is a step. */

import type { Block } from '../../../src/memory/block.ts';
import type { WaitOutcome } from '../../../src/memory/region.ts';
import { ModelRegion } from '../../memory/model-region.ts';

export class ModelBlock implements Block {
  readonly reach = 'thread';
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly bytes: Buffer;
  readonly #region: ModelRegion;

  constructor(region: number, words: number) {
    this.#region = new ModelRegion(region, words * Int32Array.BYTES_PER_ELEMENT);
    this.words = this.#region.words;
    this.doubles = this.#region.doubles;
    this.bytes = this.#region.bytes;
  }

  wait(index: number, value: number, timeout?: number): WaitOutcome {
    return this.#region.wait(index, value, timeout);
  }

  /** As `src/memory/arena/loop-waits.ts`: whoever is woken looks at the word, and waits on if it is what it was. */
  waitAsync(index: number, value: number): Promise<void> {
    // Like a promise, except that it does not take a turn to tell: no run of a model would wait for that.
    const then = (onEnd: () => void): void => {
      const waiting = this.#region.waitAsync?.(index, value);
      if (waiting?.async === true) void waiting.value.then(() => then(onEnd));
      else onEnd();
    };
    return { then } as unknown as Promise<void>;
  }

  notify(index: number): void {
    this.#region.notify(index);
  }
}
