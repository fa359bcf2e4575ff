/**
 * How many items of a map travel together.
 *
 * A task costs a hand-over, tens of microseconds, so quick items must travel together; but a chunk is also the
 * unit of scheduling, so slow items must travel alone. Sizes start at one, follow the time per item that the
 * workers report, and become smaller towards the end.
 */

import type { Engine } from './engine.ts';
import type { MapOptions } from './submit-options.ts';

/**
 * What a chunk should take. Longer ones leave workers idle at the end and cancel late; shorter ones spend
 * more on hand-over: at 8 ms that is below one per cent even between processes.
 */
const TARGET_CHUNK_MS = 8;
/**
 * What a chunk should take at least while there is more. Were the last ones shared out down to single items, a
 * map of quick ones would end with dozens of chunks that cost more to hand over than to run.
 */
const LEAST_CHUNK_MS = 0.1;
/** A chunk never grows faster than this, since the first items of a map tell little about the others. */
const GROWTH = 8;
/**
 * Values in a chunk of trivial items. Bounds what it holds in memory, and for how long encoding it blocks the
 * caller. V8 puts arrays of 128 KiB and more, 16,382 values, where each is a mapping of memory of its own,
 * which makes filling one several times slower.
 */
const MOST_VALUES = 16_000;
/** Chunks per worker left at the end, so that an uneven last one does not keep the others waiting long. */
export const CHUNKS_PER_SLOT = 4;

export class ChunkSizer {
  /** Whether sizes follow time, and are not what the caller said. */
  readonly automatic: boolean;
  readonly #fixed: number;
  readonly #bufferSize: number;
  readonly #most: number;
  readonly #engine: Pick<Engine, 'slots'>;
  #size = 1;
  #least = 1;

  /** @param engine says how many chunks can run at one time, which may change. @param arity values per item. */
  constructor(
    { chunkSize = 'auto', bufferSize = Infinity }: MapOptions,
    engine: Pick<Engine, 'slots'>,
    arity: number,
  ) {
    this.automatic = chunkSize === 'auto';
    this.#fixed = chunkSize === 'auto' ? 1 : chunkSize;
    this.#bufferSize = bufferSize;
    this.#most = Math.max(1, Math.floor(MOST_VALUES / Math.max(1, arity)));
    this.#engine = engine;
  }

  /** Items for the next chunk, when so many are left to be sent; undefined: nobody knows how many. */
  next(left: number | undefined): number {
    if (!this.automatic) return Math.min(this.#fixed, this.#bufferSize);
    const share = left === undefined ? Infinity : Math.ceil(left / (CHUNKS_PER_SLOT * this.#engine.slots));
    return Math.max(1, Math.min(this.#size, Math.max(share, this.#least), this.#bufferSize));
  }

  /** Takes note of a chunk of `count` items that took `ms` milliseconds. */
  note(count: number, ms: number): void {
    const perItem = Math.max(ms / count, 1e-6);
    const ideal = Math.floor(TARGET_CHUNK_MS / perItem);
    this.#size = Math.max(1, Math.min(ideal, this.#size * GROWTH, this.#most));
    this.#least = Math.floor(LEAST_CHUNK_MS / perItem);
  }
}
