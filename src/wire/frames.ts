/**
 * Batches of messages as bytes on a pipe: a length of four bytes, little-endian, then that many bytes as v8
 * serializes them. A pipe gives bytes as they come, so a reader has to put frames together again.
 */

import { deserialize, serialize } from 'node:v8';

const HEADER = 4;
/** Far beyond any sane batch, and below what a Buffer may hold: a length above it means that the stream is corrupt. */
const LONGEST_FRAME = 2 ** 31 - 1;

/** @throws RangeError for a batch of 2 GiB or more. */
export function encodeFrame(batch: readonly unknown[]): Buffer {
  const body = serialize(batch);
  if (body.length > LONGEST_FRAME) {
    throw new RangeError(`A message of ${body.length} bytes is too long for a pipe; send it in parts`);
  }
  const frame = Buffer.allocUnsafe(HEADER + body.length);
  frame.writeUInt32LE(body.length, 0);
  body.copy(frame, HEADER);
  return frame;
}

/** Puts frames together from pieces of any size. */
export class FrameReader {
  #pieces: Buffer[] = [];
  #length = 0;

  /** The batches that are complete with this piece. @throws when the bytes are not frames. */
  push(piece: Buffer): unknown[][] {
    this.#pieces.push(piece);
    this.#length += piece.length;
    const batches: unknown[][] = [];
    for (;;) {
      const wanted = this.#frameLength();
      if (wanted === undefined || this.#length < HEADER + wanted) return batches;
      const bytes = this.#join();
      const batch: unknown = deserialize(bytes.subarray(HEADER, HEADER + wanted));
      if (!Array.isArray(batch)) throw new TypeError('A frame does not hold a batch of messages');
      batches.push(batch);
      this.#keep(bytes.subarray(HEADER + wanted));
    }
  }

  /** The length that the next frame says it has, once its header is there. */
  #frameLength(): number | undefined {
    if (this.#length < HEADER) return undefined;
    const first = this.#pieces[0] as Buffer;
    const header = first.length >= HEADER ? first : this.#join();
    const length = header.readUInt32LE(0);
    if (length > LONGEST_FRAME) throw new RangeError(`A frame says that it is ${length} bytes long`);
    return length;
  }

  /** All pieces as one; done once for a frame, so a large one is copied once however many pieces it came in. */
  #join(): Buffer {
    if (this.#pieces.length > 1) this.#pieces = [Buffer.concat(this.#pieces, this.#length)];
    return this.#pieces[0] as Buffer;
  }

  #keep(rest: Buffer): void {
    this.#pieces = rest.length > 0 ? [rest] : [];
    this.#length = rest.length;
  }
}
