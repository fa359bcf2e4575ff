/**
 * Writes values into blocks of a heap, without knowing beforehand how large they will be.
 *
 * What does not fit has to be written again, so the first guess matters: values that follow each other are mostly
 * alike, and the guess is what the last ones needed.
 */

import type { Heap } from '../../memory/heap.ts';
import { boundOf, boundOfList, FULL, type ValueWriter } from '../../wire/values/index.ts';

const LEAST_ROOM = 512;
/** What is larger than that goes as a message. */
const MOST_ROOM = 8 * 1024 * 1024;

export class BlockWriter {
  readonly #heap: Heap;
  readonly #writer: ValueWriter;
  #guess = LEAST_ROOM;
  /** Bytes of what was written last. */
  size = 0;

  constructor(heap: Heap, writer: ValueWriter) {
    this.#heap = heap;
    this.#writer = writer;
  }

  /** The block that holds the value now; -1: there is no room, or it cannot be written. */
  write(value: unknown): number {
    return this.#write(value, undefined, boundOf(value) ?? this.#guess);
  }

  writeList(values: readonly unknown[]): number {
    return this.#write(undefined, values, boundOfList(values) ?? this.#guess);
  }

  #write(value: unknown, list: readonly unknown[] | undefined, least: number): number {
    const heap = this.#heap;
    for (let room = least; room <= MOST_ROOM; room *= 4) {
      const block = heap.alloc(room);
      if (block < 0) return -1;
      const limit = block + heap.sizeOf(block);
      let end: number;
      try {
        end =
          list === undefined
            ? this.#writer.write(value, block, limit)
            : this.#writer.writeList(list, block, limit);
      } catch {
        // A getter threw; it will again on the other way, which says where.
        heap.free(block);
        return -1;
      }
      if (end >= 0) {
        this.size = end - block;
        this.#learn(this.size);
        return block;
      }
      heap.free(block);
      if (end !== FULL) return -1;
    }
    return -1;
  }

  #learn(size: number): void {
    const wanted = size + (size >> 3) + 64;
    if (wanted > this.#guess) this.#guess = wanted;
    else if (wanted < this.#guess >> 2) this.#guess = Math.max(LEAST_ROOM, this.#guess >> 1);
  }
}
