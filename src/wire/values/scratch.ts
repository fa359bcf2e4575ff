import { byteLengthOf, viewOf } from './kinds.ts';
import { LARGEST_MEMORY, Memory } from './memory.ts';
import { FULL, UNFIT, ValueWriter } from './writer.ts';

/** Header, the words before the largest value, and what alignment may take. */
const OVERHEAD = 48;

/**
 * Bytes that certainly hold `value` as `ValueWriter` writes it, where that is known without looking into it:
 * for primitives, buffers and views of them. The memory of those can then be copied once, to where it belongs.
 */
export function boundOf(value: unknown): number | undefined {
  switch (typeof value) {
    case 'string':
      return OVERHEAD + value.length * 2;
    case 'object': {
      if (value === null) return OVERHEAD;
      if (ArrayBuffer.isView(value)) {
        const view = viewOf(value);
        return view && OVERHEAD + byteLengthOf.call(view.buffer);
      }
      return value instanceof ArrayBuffer ? OVERHEAD + byteLengthOf.call(value) : undefined;
    }
    case 'bigint':
    case 'function':
    case 'symbol':
      return undefined;
    default:
      return OVERHEAD;
  }
}

/** The same for a list of values. */
export function boundOfList(values: readonly unknown[]): number | undefined {
  let sum = 0;
  for (const value of values) {
    const bound = boundOf(value);
    if (bound === undefined) return undefined;
    sum += bound;
  }
  return sum;
}

const SMALLEST = 64 * 1024;

/** What is kept from one value to the next. */
const LARGEST_KEPT = 4 * 1024 * 1024;

/**
 * Writes values into memory of its own, which grows until they fit: for finding out how much room a value
 * takes. What was written can be copied to any multiple of 8.
 */
export class ScratchWriter {
  #memory: Memory | undefined;
  #writer: ValueWriter | undefined;
  #length = 0;

  /** Bytes written, or `UNFIT`; never `FULL`. */
  write(value: unknown): number {
    return this.#grow(boundOf(value), (writer, limit) => writer.write(value, 0, limit));
  }

  /** The same for a list of values. */
  writeList(values: readonly unknown[]): number {
    return this.#grow(boundOfList(values), (writer, limit) => writer.writeList(values, 0, limit));
  }

  /** What was written last, in place: the next value overwrites it. */
  get bytes(): Uint8Array {
    return this.#memory?.bytes.subarray(0, this.#length) ?? new Uint8Array(0);
  }

  #grow(bound: number | undefined, write: (writer: ValueWriter, limit: number) => number): number {
    this.#length = 0;
    if (this.#memory !== undefined && this.#memory.bytes.length > LARGEST_KEPT) this.#memory = undefined;
    let room = Math.max(SMALLEST, this.#memory?.bytes.length ?? 0, bound ?? 0);
    for (;;) {
      if (room > LARGEST_MEMORY) return UNFIT;
      const end = write(this.#writerOf(room), room);
      if (end !== FULL) {
        if (end > 0) this.#length = end;
        return end;
      }
      if (room === LARGEST_MEMORY) return UNFIT;
      room = Math.min(room * 4, LARGEST_MEMORY);
    }
  }

  #writerOf(room: number): ValueWriter {
    if (this.#writer === undefined || this.#memory === undefined || this.#memory.bytes.length < room) {
      this.#memory = new Memory(new ArrayBuffer(Math.ceil(room / 8) * 8));
      this.#writer = new ValueWriter(this.#memory);
    }
    return this.#writer;
  }
}
