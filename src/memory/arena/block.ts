/** One thread's side of an object in an arena. Each thread has one such block at most for each object. */

import type { Block, Reach } from '../block.ts';
import type { WaitOutcome } from '../region.ts';
import type { Arena } from './arena.ts';
import type { WakeUps } from './wake-ups.ts';

export interface BlockMemory {
  readonly buffer: ArrayBufferLike;
  readonly wakeUps: WakeUps;
}

/** As long as it is reachable, the object lives. */
export class ArenaBlock implements Block {
  readonly arena: Arena;
  /** Which one of its arena it is: nothing else ever has both numbers. */
  readonly offset: number;
  readonly generation: number;
  readonly words: Int32Array;
  readonly #wakeUps: WakeUps;
  readonly #first: number;
  #doubles: Float64Array | undefined;
  #bytes: Buffer | undefined;
  #face: object | undefined;

  /** `start` and `length` are those of the object itself, in bytes. */
  constructor(
    arena: Arena,
    { buffer, wakeUps }: BlockMemory,
    place: { offset: number; generation: number; start: number; length: number },
  ) {
    this.arena = arena;
    this.offset = place.offset;
    this.generation = place.generation;
    this.words = new Int32Array(buffer, place.start, place.length / Int32Array.BYTES_PER_ELEMENT);
    this.#wakeUps = wakeUps;
    this.#first = place.start / Int32Array.BYTES_PER_ELEMENT;
  }

  /** Where a word of it is in the region of the arena. */
  indexOf(word: number): number {
    return this.#wordAt(word);
  }

  get reach(): Reach {
    return this.arena.reach;
  }

  get doubles(): Float64Array {
    const { buffer, byteOffset, byteLength } = this.words;
    this.#doubles ??= new Float64Array(buffer, byteOffset, byteLength / Float64Array.BYTES_PER_ELEMENT);
    return this.#doubles;
  }

  get bytes(): Buffer {
    const { buffer, byteOffset, byteLength } = this.words;
    this.#bytes ??= Buffer.from(buffer, byteOffset, byteLength);
    return this.#bytes;
  }

  wait(index: number, value: number, timeout?: number): WaitOutcome {
    return this.#wakeUps.wait(this.#wordAt(index), value, timeout);
  }

  waitAsync(index: number, value: number, timeout?: number): Promise<void> {
    return this.#wakeUps.waitAsync(this.#wordAt(index), value, timeout);
  }

  notify(index: number, owner?: number): void {
    this.#wakeUps.notify(this.#wordAt(index), owner);
  }

  /**
   * What this thread shows of the object to its users, a lock for example. It is made when there is none, and the same as
   * long as anybody has this block: so what arrives twice is the same object.
   */
  face<T extends object>(make: (block: this) => T): T {
    this.#face ??= make(this);
    return this.#face as T;
  }

  #wordAt(index: number): number {
    if (index >= 0 && index < this.words.length) return this.#first + index;
    throw new RangeError(`A block of ${this.words.length} words has no word ${index}`);
  }
}
