/** The views of a region, for as long as it is open. Both kinds of region are built on it. */

import { InvalidStateError } from '../errors.ts';

interface Views<B extends ArrayBufferLike> {
  readonly buffer: B;
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly bytes: Buffer;
}

export abstract class RegionViews<B extends ArrayBufferLike> {
  #views: Views<B> | undefined;

  constructor(buffer: B) {
    this.#views = {
      buffer,
      words: new Int32Array(buffer),
      doubles: new Float64Array(buffer),
      bytes: Buffer.from(buffer),
    };
  }

  get buffer(): B {
    return this.#open.buffer;
  }

  get words(): Int32Array {
    return this.#open.words;
  }

  get doubles(): Float64Array {
    return this.#open.doubles;
  }

  get bytes(): Buffer {
    return this.#open.bytes;
  }

  /** @throws InvalidStateError once it is closed */
  protected assertOpen(): void {
    void this.#open;
  }

  get #open(): Views<B> {
    if (this.#views === undefined) throw new InvalidStateError('This region of shared memory is closed');
    return this.#views;
  }

  /** From now on every use throws. False: so it was before. */
  protected closeViews(): boolean {
    const wasOpen = this.#views !== undefined;
    this.#views = undefined;
    return wasOpen;
  }
}
