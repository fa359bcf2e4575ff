/**
 * Batches of messages as bytes on a pipe: a length of four bytes, little-endian, then that many bytes of JSON
 * or, where JSON would not give back the same, of v8's serialization. The first byte tells them apart. A pipe
 * gives bytes as they come, so a reader has to put frames together again.
 *
 * Why two: most messages are a few numbers and strings, and v8's serializer costs some 3 us each way before
 * it has written the first byte, JSON a tenth of that. What users' values need beyond JSON has been turned
 * into bytes by the codec before it comes here, so it is v8 that carries those.
 */

import { v8 } from './serializer.ts';

const HEADER = 4;
/**
 * Far beyond any sane batch, and below what a Buffer may hold: a length above it means that the stream is
 * corrupt.
 */
const LONGEST_FRAME = 2 ** 31 - 1;

/** @throws RangeError for a batch of 2 GiB or more. */
export function encodeFrame(batch: readonly unknown[]): Buffer {
  const lean = batch.map(withoutTrailingUndefined);
  const body = isJson(lean) ? Buffer.from(JSON.stringify(lean), 'utf8') : v8().serialize(batch);
  if (body.length > LONGEST_FRAME) {
    throw new RangeError(`A message of ${body.length} bytes is too long for a pipe; send it in parts`);
  }
  const frame = Buffer.allocUnsafe(HEADER + body.length);
  frame.writeUInt32LE(body.length, 0);
  body.copy(frame, HEADER);
  return frame;
}

/** The first byte of a JSON array; v8's own format begins with 0xff. */
const BRACKET = 0x5b;

/** Deep enough for a batch of messages with a list of arguments and its details; anything deeper is data. */
const DEEPEST = 4;

/**
 * What most tasks return, at the end of the message: reading beyond the end of a shorter one gives it back.
 */
function withoutTrailingUndefined(message: unknown): unknown {
  return Array.isArray(message) && message.at(-1) === undefined ? message.slice(0, -1) : message;
}

/** Whether JSON gives the very same back; of what is deep it is not looked for. */
export function isJson(value: unknown, depth = 0): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'object':
      break;
    default:
      return false;
  }
  if (value === null) return true;
  if (depth === DEEPEST) return false;
  if (!Array.isArray(value)) {
    if (Object.getPrototypeOf(value) !== Object.prototype) return false;
    return Object.values(value).every((element) => isJson(element, depth + 1));
  }
  // Not by `every`, which steps over the holes of an array.
  for (let at = 0; at < value.length; at += 1) if (!isJson(value[at], depth + 1)) return false;
  return true;
}

function decode(body: Buffer): unknown {
  return body[0] === BRACKET ? JSON.parse(body.toString('utf8')) : v8().deserialize(body);
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
      const batch = decode(bytes.subarray(HEADER, HEADER + wanted));
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

  /**
   * All pieces as one; done once for a frame, so a large one is copied once however many pieces it came in.
   */
  #join(): Buffer {
    if (this.#pieces.length > 1) this.#pieces = [Buffer.concat(this.#pieces, this.#length)];
    return this.#pieces[0] as Buffer;
  }

  #keep(rest: Buffer): void {
    this.#pieces = rest.length > 0 ? [rest] : [];
    this.#length = rest.length;
  }
}
