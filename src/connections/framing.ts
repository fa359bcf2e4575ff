/**
 * Messages on a stream of bytes, in the form that CPython gives them:
 *
 *      length: 4 bytes, signed, big-endian | the message            up to 2 GiB - 1
 *      -1: 4 bytes | length: 8 bytes, big-endian | the message      beyond
 *
 * A message may be empty, and is one all the same.
 */

import { constants } from 'node:buffer';
import { BrokenConnectionError } from '../errors.ts';

/** More than this no Buffer can hold. */
export const LONGEST_MESSAGE: number = constants.MAX_LENGTH;

const SHORT_HEADER = 4;
const LONG_HEADER = 12;
const LONGEST_SHORT = 2 ** 31 - 1;

/**
 * How much memory is taken for a message before any of it has come; then it is doubled as it fills up. A peer that
 * announces a huge message and sends nothing has cost this much. Raised, it saves copies of long messages.
 */
const TAKEN_AT_ONCE = 2 ** 20;

/**
 * Below this many bytes header and message are copied into one buffer, to be written by one call: nothing comes
 * between them on a pipe that several write to, and no half of them waits for the other in the network. Copying 16 KiB
 * takes about as long as what the system does for a second buffer.
 */
const WORTH_COPYING = 16 * 1024;

/** A message as it goes out, in one or two pieces. */
export function frame(message: Uint8Array): readonly Uint8Array[] {
  const short = message.length <= LONGEST_SHORT;
  const size = short ? SHORT_HEADER : LONG_HEADER;
  const joined = message.length < WORTH_COPYING;
  const header = Buffer.allocUnsafe(joined ? size + message.length : size);
  if (short) header.writeInt32BE(message.length, 0);
  else {
    header.writeInt32BE(-1, 0);
    header.writeBigUInt64BE(BigInt(message.length), SHORT_HEADER);
  }
  if (!joined) return [header, message];
  header.set(message, size);
  return [header];
}

/**
 * Puts a message together from pieces of any size. Whoever reads asks for the `target` of the next bytes, which never
 * reaches beyond the message (or its header), puts some there, and says how many.
 */
export class Assembler {
  readonly #header = Buffer.allocUnsafeSlow(LONG_HEADER);
  readonly #shortHeader = this.#header.subarray(0, SHORT_HEADER);
  /** Of the header that is being read, or read. */
  #headerSize = SHORT_HEADER;
  /** Of the message, once its header is there. */
  #length: number | undefined;
  #body: Buffer | undefined;
  /** Of the header, or of the body once the length is known. */
  #filled = 0;
  /** One object until it has been filled, so that a reader can see whether it still has the right one. */
  #target: Buffer = this.#shortHeader;

  get target(): Buffer {
    return this.#target;
  }

  /** Whether some of a message is there. */
  get begun(): boolean {
    return this.#filled > 0 || this.#length !== undefined;
  }

  /** Whether the message that has begun is known to be longer than `limit`; and how long it is. */
  longerThan(limit: number): number | undefined {
    return this.#length !== undefined && this.#length > limit ? this.#length : undefined;
  }

  /**
   * `count` bytes were put into the target. Gives the message that is complete with them.
   *
   * @throws BrokenConnectionError for a length that is none, or above `limit`: before memory is taken for it.
   */
  fill(count: number, limit: number): Buffer | undefined {
    this.#filled += count;
    if (this.#length === undefined) {
      if (this.#filled < this.#headerSize) {
        this.#target = this.#header.subarray(this.#filled, this.#headerSize);
        return undefined;
      }
      const length = this.#readLength();
      if (length === undefined) return undefined;
      this.#length = length;
      this.#filled = 0;
      if (length > limit) throw tooLong(length, limit);
      this.#body = Buffer.allocUnsafe(Math.min(length, TAKEN_AT_ONCE));
    }
    const body = this.#body as Buffer;
    if (this.#filled === this.#length) {
      this.#reset();
      return body;
    }
    if (this.#filled === body.length) this.#grow(body);
    this.#target = (this.#body as Buffer).subarray(this.#filled);
    return undefined;
  }

  /** `undefined` when the header turns out to be a long one. */
  #readLength(): number | undefined {
    const length =
      this.#headerSize === SHORT_HEADER
        ? this.#header.readInt32BE(0)
        : Number(this.#header.readBigUInt64BE(SHORT_HEADER));
    if (length >= 0) return length;
    if (length !== -1) throw new BrokenConnectionError(`What came is no message: its length is ${length}`);
    this.#headerSize = LONG_HEADER;
    this.#target = this.#header.subarray(SHORT_HEADER, LONG_HEADER);
    return undefined;
  }

  #grow(body: Buffer): void {
    const larger = Buffer.allocUnsafeSlow(Math.min(this.#length as number, body.length * 2));
    larger.set(body);
    this.#body = larger;
  }

  #reset(): void {
    this.#headerSize = SHORT_HEADER;
    this.#length = undefined;
    this.#body = undefined;
    this.#filled = 0;
    this.#target = this.#shortHeader;
  }
}

/** The error of a message that is not taken. */
export function tooLong(length: number, limit: number): BrokenConnectionError {
  return new BrokenConnectionError(
    `A message of ${length} bytes came where at most ${limit} are taken; nothing more can be received here`,
  );
}
