/**
 * How a `ShareableList` lies in its block. Numbers are little-endian; everything begins at a multiple of 8 bytes.
 *
 *   ┌───────┬─────────┬────────┬──────────────────────────┬─── slot 0 ───────────────┬─── slot 1 ── ...
 *   │ magic │ version │ length │ where each slot begins,  │ type │ bytes │ the value │
 *   │ u32   │ u32     │ u32, 0 │ u32 each, and the end    │ u32  │ u32   │           │
 *   └───────┴─────────┴────────┴──────────────────────────┴──────────────────────────┴──────────────
 *    0       4         8        16
 *
 * A slot has room for the value that it is made with, and at least for a number; texts and bytes are rounded up to 8. How
 * long a value is stands in front of it, so a text may end in NULs. (CPython's lists have room for as many bytes as a text
 * has characters, and cut NULs off at the end: another layout was needed in any case.)
 */

import { inspect } from 'node:util';
import { InvalidStateError } from '../../errors.ts';

/** What a list holds. A number is a double; a bigint has 64 bits, with a sign. */
export type ListItem = number | bigint | boolean | string | Uint8Array | null;

const MAGIC = 0x6c73686d;
const VERSION = 1;
const LENGTH_AT = 8;
const TABLE_AT = 16;
const SLOT_HEAD = 8;
const LEAST_ROOM = 8;
/** The offset of a slot is one of 32 bits. */
const LARGEST = 2 ** 32 - 1;

const types = ['null', 'boolean', 'number', 'bigint', 'string', 'bytes'] as const;

type Encoded = readonly [type: (typeof types)[number], bytes: Uint8Array];

/** @throws TypeError or RangeError naming `what` if lists cannot hold it */
function encode(what: string, item: unknown): Encoded {
  switch (typeof item) {
    case 'number':
      return ['number', new Uint8Array(Float64Array.of(item).buffer)];
    case 'bigint':
      if (BigInt.asIntN(64, item) !== item) {
        throw new RangeError(`${what} must be from -(2n ** 63n) to 2n ** 63n - 1n, received ${item}n`);
      }
      return ['bigint', new Uint8Array(BigInt64Array.of(item).buffer)];
    case 'boolean':
      return ['boolean', Uint8Array.of(item ? 1 : 0)];
    case 'string':
      return ['string', Buffer.from(item)];
    default:
      if (item === null) return ['null', new Uint8Array()];
      if (item instanceof Uint8Array) return ['bytes', item];
      throw new TypeError(
        `${what} must be a number, bigint, boolean, string, Uint8Array or null, received ${inspect(item, { depth: 0 })}`,
      );
  }
}

const slotsAt = (length: number): number => TABLE_AT + Math.ceil(((length + 1) * 4) / 8) * 8;
const roomFor = ({ length }: Uint8Array): number => Math.max(LEAST_ROOM, Math.ceil(length / 8) * 8);

/** Items that are to become a list. @throws TypeError or RangeError */
export class ListContent {
  readonly bytes: number;
  readonly #items: readonly Encoded[];
  readonly #offsets: readonly number[];

  constructor(sequence: Iterable<unknown>) {
    this.#items = Array.from(sequence, (item, index) => encode(`item ${index}`, item));
    const offsets: number[] = [];
    let offset = slotsAt(this.#items.length);
    for (const [, bytes] of this.#items) {
      offsets.push(offset);
      offset += SLOT_HEAD + roomFor(bytes);
    }
    offsets.push(offset);
    if (offset > LARGEST)
      throw new RangeError(`A list has at most ${LARGEST} bytes, and these items take ${offset}`);
    this.#offsets = offsets;
    this.bytes = offset;
  }

  /** Into a block of as many bytes, all 0. */
  writeTo(bytes: Uint8Array): void {
    const view = viewOf(bytes);
    this.#offsets.forEach((offset, index) => view.setUint32(TABLE_AT + index * 4, offset, true));
    this.#items.forEach((item, index) => writeSlot(view, this.#offsets[index] as number, item));
    view.setUint32(LENGTH_AT, this.#items.length, true);
    view.setUint32(4, VERSION, true);
    view.setUint32(0, MAGIC, true);
  }
}

/** A list in a block that may have been written by anybody, so that nothing in it is taken on trust. */
export class ListMemory {
  readonly length: number;
  readonly #bytes: () => Uint8Array;

  /** `bytes`: of the block; it throws once that is closed. @throws InvalidStateError if there is no list in it */
  constructor(bytes: () => Uint8Array) {
    const view = viewOf(bytes());
    this.#bytes = bytes;
    this.length = view.byteLength < TABLE_AT ? 0 : view.getUint32(LENGTH_AT, true);
    const isList =
      view.byteLength >= TABLE_AT &&
      view.getUint32(0, true) === MAGIC &&
      view.getUint32(4, true) === VERSION &&
      slotsAt(this.length) <= view.byteLength;
    if (isList) return;
    throw new InvalidStateError(
      'There is no ShareableList in this shared memory, or one that another version or another language has written.',
    );
  }

  get(index: number): ListItem {
    const { view, offset, room } = this.#slot(index);
    const [type, length] = [types[view.getUint32(offset, true)], view.getUint32(offset + 4, true)];
    if (type === undefined || length > room) throw damaged();
    const start = offset + SLOT_HEAD;
    switch (type) {
      case 'null':
        return null;
      case 'boolean':
        return view.getUint8(start) !== 0;
      case 'number':
        return view.getFloat64(start, true);
      case 'bigint':
        return view.getBigInt64(start, true);
      default: {
        const bytes = this.#bytes().slice(start, start + length);
        return type === 'bytes' ? bytes : Buffer.from(bytes.buffer).toString();
      }
    }
  }

  /** @throws TypeError, or RangeError if it does not fit */
  set(index: number, item: unknown): void {
    const { view, offset, room } = this.#slot(index);
    const encoded = encode('value', item);
    const [type, { length }] = encoded;
    if (length > room) {
      throw new RangeError(
        `value of type ${type} takes ${length} bytes, and item ${index} has room for ${room}: a list keeps the sizes that it was made with`,
      );
    }
    writeSlot(view, offset, encoded);
  }

  /** What an item is, and how many bytes there are for it: `'string[16]'`. */
  formatOf(index: number): string {
    const { view, offset, room } = this.#slot(index);
    const type = types[view.getUint32(offset, true)];
    if (type === undefined) throw damaged();
    return type === 'string' || type === 'bytes' ? `${type}[${room}]` : type;
  }

  #slot(index: number): { readonly view: DataView; readonly offset: number; readonly room: number } {
    const view = viewOf(this.#bytes());
    const offset = view.getUint32(TABLE_AT + index * 4, true);
    const end = view.getUint32(TABLE_AT + index * 4 + 4, true);
    const room = end - offset - SLOT_HEAD;
    if (room < LEAST_ROOM || end > view.byteLength) throw damaged();
    return { view, offset, room };
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function writeSlot(view: DataView, offset: number, [type, bytes]: Encoded): void {
  new Uint8Array(view.buffer, view.byteOffset + offset + SLOT_HEAD).set(bytes);
  view.setUint32(offset, types.indexOf(type), true);
  view.setUint32(offset + 4, bytes.length, true);
}

function damaged(): InvalidStateError {
  return new InvalidStateError(
    'This ShareableList is damaged: something else has written into its shared memory.',
  );
}
