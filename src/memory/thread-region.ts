/**
 * A region that threads of this process share: a SharedArrayBuffer.
 *
 * A large one costs nothing until it is touched. 64 MiB are made in 10 us, add nothing to the resident set and
 * do not make V8 collect garbage more often; the system provides a page when it is first written to.
 * So there is nothing to commit, and no way to be told that the system has no more.
 */

import { InvalidStateError } from '../errors.ts';
import { checkRange, checkSize, type Region, type WaitOutcome } from './region.ts';

interface Views {
  readonly buffer: SharedArrayBuffer;
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly bytes: Buffer;
}

export class ThreadRegion implements Region {
  readonly kind = 'thread';
  readonly size: number;
  readonly refusal = undefined;
  #views: Views | undefined;

  /** `memory`: how many bytes to share, or the `handle` of the region to open. */
  constructor(memory: number | SharedArrayBuffer) {
    const size = typeof memory === 'number' ? memory : memory.byteLength;
    checkSize(size);
    this.size = size;
    const buffer = typeof memory === 'number' ? new SharedArrayBuffer(size) : memory;
    this.#views = {
      buffer,
      words: new Int32Array(buffer),
      doubles: new Float64Array(buffer),
      bytes: Buffer.from(buffer),
    };
  }

  get #open(): Views {
    if (this.#views === undefined) throw new InvalidStateError('This region of shared memory is closed');
    return this.#views;
  }

  get handle(): SharedArrayBuffer {
    return this.#open.buffer;
  }

  get buffer(): SharedArrayBuffer {
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

  commit(start: number, end: number): boolean {
    checkRange(start, end, this.#open.buffer.byteLength);
    return true;
  }

  wait(index: number, value: number, timeout?: number): WaitOutcome {
    return Atomics.wait(this.#open.words, index, value, timeout);
  }

  waitAsync(index: number, value: number, timeout?: number): ReturnType<NonNullable<Region['waitAsync']>> {
    return Atomics.waitAsync(this.#open.words, index, value, timeout);
  }

  notify(index: number, count?: number): number {
    return Atomics.notify(this.#open.words, index, count);
  }

  close(): void {
    this.#views = undefined;
  }
}
