/**
 * A region that threads of this process share: a SharedArrayBuffer.
 *
 * A large one costs nothing until it is touched. 64 MiB are made in 10 us, add nothing to the resident set and
 * do not make V8 collect garbage more often; the system provides a page when it is first written to.
 * So there is nothing to commit, and no way to be told that the system has no more.
 */

import { checkRange, checkSize, type Region, type WaitOutcome } from './region.ts';
import { RegionViews } from './region-views.ts';

export class ThreadRegion extends RegionViews<SharedArrayBuffer> implements Region {
  readonly kind = 'thread';
  readonly size: number;
  readonly refusal = undefined;

  /** `memory`: how many bytes to share, or the `handle` of the region to open. */
  constructor(memory: number | SharedArrayBuffer) {
    const size = typeof memory === 'number' ? memory : memory.byteLength;
    checkSize(size);
    super(typeof memory === 'number' ? new SharedArrayBuffer(size) : memory);
    this.size = size;
  }

  get handle(): SharedArrayBuffer {
    return this.buffer;
  }

  commit(start: number, end: number): boolean {
    checkRange(start, end, this.buffer.byteLength);
    return true;
  }

  wait(index: number, value: number, timeout?: number): WaitOutcome {
    return Atomics.wait(this.words, index, value, timeout);
  }

  waitAsync(index: number, value: number, timeout?: number): ReturnType<NonNullable<Region['waitAsync']>> {
    return Atomics.waitAsync(this.words, index, value, timeout);
  }

  notify(index: number, count?: number): number {
    return Atomics.notify(this.words, index, count);
  }

  close(): void {
    this.closeViews();
  }
}
