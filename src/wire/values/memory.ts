/** A piece of memory, with the views of it that encoding needs. Made once for each region. */
export class Memory {
  readonly bytes: Buffer;
  readonly words: Int32Array;
  readonly doubles: Float64Array;

  /**
   * @param buffer a `SharedArrayBuffer`, or an `ArrayBuffer` that may lie over mapped memory; of fixed length.
   * @throws {RangeError} when its length is not a multiple of 8, or beyond what a word can address.
   */
  constructor(buffer: ArrayBufferLike) {
    if (buffer.byteLength % 8 !== 0 || buffer.byteLength > LARGEST_MEMORY) {
      throw new RangeError(
        `A memory is a multiple of 8 bytes, of at most ${LARGEST_MEMORY}; this one has ${buffer.byteLength}`,
      );
    }
    this.bytes = Buffer.from(buffer);
    this.words = new Int32Array(buffer);
    this.doubles = new Float64Array(buffer);
  }
}

/** Lengths and positions are written as words of 32 bits, which JavaScript reads with a sign. */
export const LARGEST_MEMORY: number = 2 ** 31 - 8;
