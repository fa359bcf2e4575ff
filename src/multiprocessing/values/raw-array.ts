/** Items of one type that processes share, without a lock. */

import { inspect } from 'node:util';
import { checkCount } from '../../options.ts';
import { type Place, registerShared, SharedObject } from '../../sync/shared-object.ts';
import { type Form, formOf, type Item, type ItemType, numberOf, type TextOf, type View } from './types.ts';

const TYPE = 0;
/** In `doubles`, as it may be larger than a word. */
const LENGTH_DOUBLE = 1;
const ITEMS_BYTE = 16;

/** How many there are to be, all 0, or what they are to be. For `'c'` also a text. */
export type ArrayContent<T extends ItemType> = number | Iterable<Item<T>> | TextOf<T>;

/** A view may be all that somebody has of an array, and what nobody has is given to others. */
const arrays = new WeakMap<object, object>();

const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface Content {
  readonly length: number;
  readonly items?: readonly unknown[];
}

/** Items that are printed. */
const MOST_SHOWN = 16;

/** What `RawArray` is, wherever the memory comes from. */
export class RawArrayBase<T extends ItemType> extends SharedObject implements Iterable<Item<T>> {
  readonly #form: Form;
  readonly #view: View<T>;

  /** @internal `type` and `content`: of a new one. */
  constructor(place: Place, type?: T, content?: ArrayContent<T>) {
    const number = type === undefined ? undefined : numberOf(type);
    const { length, items } = number === undefined ? { length: 0 } : contentOf(formOf(number), content);
    const bytes = ITEMS_BYTE + length * (number === undefined ? 0 : formOf(number).bytes);
    super(place, Math.ceil(bytes / Int32Array.BYTES_PER_ELEMENT));
    const { words, doubles } = this.block;
    if (number !== undefined) {
      words[TYPE] = number;
      doubles[LENGTH_DOUBLE] = length;
    }
    this.#form = formOf(words[TYPE] as number);
    const start = words.byteOffset + ITEMS_BYTE;
    this.#view = this.#form.view(words.buffer, start, doubles[LENGTH_DOUBLE] as number) as View<T>;
    arrays.set(this.#view, this);
    if (items !== undefined) this.#write(0, items);
  }

  protected override get state(): string {
    const more = this.length > MOST_SHOWN ? ', ...' : '';
    return `${this.type} [${this.slice(0, MOST_SHOWN).join(', ')}${more}]`;
  }

  /** The name of its type: `'int32'`, also of one that was made with `'i'`. */
  get type(): ItemType {
    return this.#form.name;
  }

  /** Fixed. */
  get length(): number {
    return this.#view.length;
  }

  /**
   * The items as they lie in shared memory, for loops and for `Atomics`. Nothing is checked: what is written into it is cut
   * to the type's size. The memory stays as long as this array or this view does; views that are made of this view do
   * not keep it.
   */
  get view(): View<T> {
    return this.#view;
  }

  /** `index`: negative counts from the end. @throws RangeError if there is none */
  get(index: number): Item<T> {
    return this.#item(this.#view[this.#place(index)] as Item<T> | number);
  }

  /** @throws RangeError if there is no such index; TypeError or RangeError if it is no value of this type */
  set(index: number, value: Item<T>): void {
    this.#view[this.#place(index)] = this.#form.store('value', value) as never;
  }

  /** A copy of some items, or of all of them. Indexes as for arrays. */
  slice(start?: number, end?: number): Item<T>[] {
    return Array.from<Item<T> | number, Item<T>>(
      this.#view.slice(start, end) as Iterable<Item<T> | number>,
      (stored) => this.#item(stored),
    );
  }

  /**
   * Writes several items, from `start` on; all or, if one is wrong, none.
   *
   * @throws RangeError if they go beyond the end; TypeError or RangeError if one is no value of this type
   */
  setSlice(start: number, values: Iterable<Item<T>>): void {
    const items = [...values];
    const { length } = this;
    const from = start < 0 ? start + length : start;
    if (!Number.isInteger(from) || from < 0 || from + items.length > length) {
      throw new RangeError(`${items.length} items from ${inspect(start)} do not fit into ${length}`);
    }
    this.#write(from, items);
  }

  *[Symbol.iterator](): IterableIterator<Item<T>> {
    for (let index = 0; index < this.length; index += 1) yield this.get(index);
  }

  /** The text of an array of type `'c'`: UTF-8, up to the first byte that is 0. */
  get value(): TextOf<T> {
    const bytes = this.#chars('value').slice();
    const end = bytes.indexOf(0);
    return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end)) as never;
  }

  /** Also writes a 0 behind it, if there is room. @throws RangeError if it is too long */
  set value(text: TextOf<T>) {
    const chars = this.#chars('value');
    if (typeof text !== 'string') throw new TypeError(`value must be a string, received ${inspect(text)}`);
    const bytes = encoder.encode(text);
    this.#assertRoom('value', bytes);
    chars.set(bytes);
    if (bytes.length < chars.length) chars[bytes.length] = 0;
  }

  /** A copy of all bytes of an array of type `'c'`. */
  get raw(): Uint8Array<ArrayBuffer> {
    return this.#chars('raw').slice();
  }

  /** Writes these bytes, and leaves those behind them as they are. @throws RangeError if there are too many */
  set raw(bytes: Uint8Array) {
    const chars = this.#chars('raw');
    if (!(bytes instanceof Uint8Array)) throw new TypeError(`raw must be bytes, received ${inspect(bytes)}`);
    this.#assertRoom('raw', bytes);
    chars.set(bytes);
  }

  #chars(property: string): Uint8Array<ArrayBuffer> {
    if (this.#form.name === 'char') return this.#view as Uint8Array<ArrayBuffer>;
    throw new TypeError(`Only arrays of type 'c' have ${property}; this one is of type ${this.type}`);
  }

  #assertRoom(property: string, { length }: Uint8Array): void {
    if (length <= this.length) return;
    throw new RangeError(`${property} has ${length} bytes, and there is room for ${this.length}`);
  }

  #place(index: number): number {
    const { length } = this.#view;
    const place = index < 0 ? index + length : index;
    if (Number.isInteger(place) && place >= 0 && place < length) return place;
    throw new RangeError(
      `index must be a whole number from ${-length} to ${length - 1}, received ${inspect(index)}`,
    );
  }

  #item(stored: Item<T> | number): Item<T> {
    return (this.#form.kind === 'boolean' ? stored !== 0 : stored) as Item<T>;
  }

  #write(start: number, items: readonly unknown[]): void {
    const stored = items.map((item, index) => this.#form.store(`item ${index}`, item));
    this.#view.set(stored as never, start);
  }
}

function contentOf(form: Form, content: unknown): Content {
  if (typeof content === 'number') {
    checkCount('the size of a shared array', content, 0);
    return { length: content };
  }
  if (typeof content === 'string' && form.name === 'char') {
    const items = [...encoder.encode(content)];
    return { items, length: items.length };
  }
  if (typeof content === 'object' && content !== null && Symbol.iterator in content) {
    const items = [...(content as Iterable<unknown>)];
    return { items, length: items.length };
  }
  throw new TypeError(`A shared array is made of a size or of its items, received ${inspect(content)}`);
}

/**
 * Items of one type in memory that all processes of the family share. Their number is fixed.
 *
 * As an argument, a result or an item of a queue it arrives as what it is, not as a copy.
 *
 * @throws TypeError or RangeError if there is no such type, or `content` is none
 * @throws SharedMemoryUnavailableError, OutOfSharedMemoryError
 * @see CPython `multiprocessing.RawArray`
 * @example
 * const image = new RawArray('B', width * height);
 * await Promise.all(rows.map((row) => pool.submit(render, row, image))); // each: image.view.fill(...)
 */
export class RawArray<T extends ItemType = ItemType> extends RawArrayBase<T> {
  /** `content`: how many there are to be, all 0, or what they are to be. For `'c'` also a text. */
  constructor(type: T, content: ArrayContent<T>) {
    numberOf(type);
    super('process', type, content);
  }
}

registerShared(RawArray, RawArrayBase, 'multiprocessing.RawArray', import.meta.url);
