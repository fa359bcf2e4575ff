// oxlint-disable unicorn/no-new-array -- Twice as fast as pushing, and each of them where it stands: V8 learns
// for each place whether integers, doubles or anything else go into its arrays.

import { decodeBytes } from '../bytes.ts';
import { DEEPEST, hashOf, MessageKind, Tag, V8_HEADER, VIEW_TYPES } from './format.ts';
import type { Memory } from './memory.ts';
import { type Make, makerOf, put, type ValueSource } from './shapes.ts';

/**
 * Reads what `ValueWriter` wrote. What it returns shares no memory with what was read.
 *
 * The memory is written by somebody else, who may be ill: nothing in it is taken on trust. Every position and
 * length is checked against the message's own bounds before it is used, and whatever is allocated is no larger
 * than in proportion to the bytes that are there.
 */
export class ValueReader implements ValueSource {
  readonly #memory: Memory;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  /** In words: the next, and the end of the values. */
  #at = 0;
  #end = 0;
  /** In words: the next text of the trailer, and its end. */
  #trailer = 0;
  #trailerEnd = 0;
  #text = '';
  #textAt = 0;
  #depth = 0;
  #makers: Make[] = [];
  /** All objects in the order in which they began, if there are references to them. */
  #objects: unknown[] | undefined;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.#words = memory.words;
    this.#doubles = memory.doubles;
  }

  /** @throws {TypeError}, {RangeError} or {SyntaxError} when bytes `[start, end)` are no message of one value. */
  read(start: number, end: number): unknown {
    if (end === start) return undefined;
    const kind = this.#kind(start, end);
    if (kind === MessageKind.v8Value) return this.#readWithV8(start, end);
    if ((this.#words[start >> 2] as number) >>> 8 !== 1) throw damaged('not one value');
    if (kind === MessageKind.numbers) {
      return this.#numbers(start, end, 1)[0];
    }
    try {
      this.#begin(kind, start, end);
      const value = this.value();
      this.#finish();
      return value;
    } finally {
      this.#forget();
    }
  }

  /** The same for a list of values. */
  readList(start: number, end: number): unknown[] {
    if (end === start) return [];
    const kind = this.#kind(start, end);
    if (kind === MessageKind.v8List) {
      const list = this.#readWithV8(start, end);
      if (!Array.isArray(list)) throw damaged('a list that is none');
      return list;
    }
    const count = (this.#words[start >> 2] as number) >>> 8;
    if (kind === MessageKind.numbers) return this.#numbers(start, end, count);
    try {
      this.#begin(kind, start, end);
      const list = this.#values(count);
      this.#finish();
      return list;
    } finally {
      this.#forget();
    }
  }

  /** The next value. For the functions that make objects; of no use outside of `read`. */
  value(): unknown {
    const at = this.#at;
    if (at >= this.#end) throw damaged('it ends too early');
    const word = this.#words[at] as number;
    this.#at = at + 1;
    switch (word & 0xff) {
      case Tag.undefined:
        return undefined;
      case Tag.null:
        return null;
      case Tag.false:
        return false;
      case Tag.true:
        return true;
      case Tag.integer:
        return word >> 8;
      case Tag.double:
        return this.#double();
      case Tag.shortString:
        return this.#shortString(word >>> 8);
      case Tag.latin1String:
      case Tag.utf16String:
        return this.#longString(word & 0xff);
      case Tag.bigint64:
        return this.#bigint64();
      case Tag.bigint:
        return this.#bigint(word >>> 8);
      default:
        return this.#object(word & 0xff, word >>> 8);
    }
  }

  #kind(start: number, end: number): number {
    if (start % 8 !== 0 || end % 8 !== 0 || start < 0 || end < start + 8 || end > this.#memory.bytes.length) {
      throw damaged(`bytes ${start} to ${end} cannot hold one`);
    }
    return (this.#words[start >> 2] as number) & 0xff;
  }

  #begin(kind: number, start: number, end: number): void {
    if (kind !== MessageKind.values && kind !== MessageKind.linked) throw damaged(`of kind ${kind}`);
    const first = start >> 2;
    const last = end >> 2;
    const trailer = this.#words[first + 1] as number;
    if (trailer < 0 || trailer > last - first) throw damaged(`its trailer at word ${trailer}`);
    this.#at = first + 2;
    this.#end = trailer === 0 ? last : first + trailer;
    this.#trailer = this.#end;
    this.#trailerEnd = last;
    this.#depth = 0;
    if (kind === MessageKind.linked) this.#objects = [];
  }

  /** All must have been read; a double may have left the last word empty. */
  #finish(): void {
    if (this.#end - this.#at > 1) throw damaged(`${this.#end - this.#at} words too many`);
  }

  #forget(): void {
    if (this.#makers.length > 0) this.#makers = [];
    this.#objects = undefined;
    this.#text = '';
    this.#textAt = 0;
  }

  /**
   * v8 survives bytes that are damaged, but takes up to 256 MB for an array that is said to be long and empty,
   * so it is shown only what has the right checksum. That is no protection from malice: who writes here on
   * purpose can also compute one.
   */
  #readWithV8(start: number, end: number): unknown {
    const length = this.#words[(start >> 2) + 1] as number;
    const from = start + V8_HEADER;
    if (length < 0 || length > end - from) throw damaged(`${length} bytes for v8`);
    // A copy, for v8 is not prepared for memory that changes while it reads.
    const words = this.#words.slice(from >> 2, Math.ceil((from + length) / 8) * 2);
    if (hashOf(words, 0, words.length) !== this.#words[(start >> 2) + 2]) throw damaged('a wrong checksum');
    return decodeBytes(new Uint8Array(words.buffer, 0, length));
  }

  #numbers(start: number, end: number, count: number): number[] {
    if (count > (end - start - 8) / 8) throw damaged(`${count} numbers`);
    const doubles = this.#doubles;
    const first = (start >> 3) + 1;
    const list = new Array<number>(count);
    for (let index = 0; index < count; index += 1) {
      // Integers come back as such: what computes with them would be compiled for doubles.
      const double = doubles[first + index] as number;
      const integer = double | 0;
      list[index] = integer === double && (integer !== 0 || 1 / double > 0) ? integer : double;
    }
    return list;
  }

  #doublesFrom(first: number, count: number): number[] {
    const doubles = this.#doubles;
    const list = new Array<number>(count);
    for (let index = 0; index < count; index += 1) list[index] = doubles[first + index] as number;
    return list;
  }

  /** The position after so many words, which are there. */
  #skip(words: number): number {
    const next = this.#at + words;
    if (words < 0 || next > this.#end) throw damaged('it ends too early');
    this.#at = next;
    return next;
  }

  #word(): number {
    return this.#words[this.#skip(1) - 1] as number;
  }

  #double(): number {
    const pair = (this.#at + 1) >> 1;
    this.#skip(((pair + 1) << 1) - this.#at);
    return this.#doubles[pair] as number;
  }

  #shortString(length: number): string {
    if (length === 0) return '';
    if (this.#textAt === this.#text.length) this.#nextText();
    const from = this.#textAt;
    if (from + length > this.#text.length) throw damaged('a text is too short');
    this.#textAt = from + length;
    return this.#text.substring(from, from + length);
  }

  #nextText(): void {
    const [at, end] = [this.#at, this.#end];
    this.#at = this.#trailer;
    this.#end = this.#trailerEnd;
    this.#text = this.#longString(this.#word() & 0xff);
    this.#textAt = 0;
    this.#trailer = this.#at;
    this.#at = at;
    this.#end = end;
  }

  #longString(tag: number): string {
    const length = this.#word();
    const size = tag === Tag.utf16String ? length * 2 : length;
    const from = this.#at << 2;
    this.#skip(Math.ceil(size / 4));
    return this.#memory.bytes.toString(tag === Tag.utf16String ? 'utf16le' : 'latin1', from, from + size);
  }

  #bigint64(): bigint {
    const low = this.#word() >>> 0;
    return (BigInt(this.#word()) << 32n) | BigInt(low);
  }

  #bigint(negative: number): bigint {
    const digits = this.value();
    if (typeof digits !== 'string') throw damaged('a bigint without digits');
    const value = BigInt(`0x${digits}`);
    return negative === 0 ? value : -value;
  }

  #object(tag: number, payload: number): unknown {
    const objects = this.#objects;
    if (tag === Tag.reference) {
      const object = objects?.[payload];
      if (object === undefined) throw damaged(`a reference to object ${payload}`);
      return object;
    }
    if (this.#depth === DEEPEST) throw damaged('it is nested too deeply');
    this.#depth += 1;
    let object: unknown;
    if (objects === undefined) object = this.#newObject(tag, payload);
    else {
      const number = objects.length;
      objects.push(undefined);
      object = this.#newObject(tag, payload);
      objects[number] = object;
    }
    this.#depth -= 1;
    return object;
  }

  #newObject(tag: number, payload: number): unknown {
    switch (tag) {
      case Tag.newShape:
        return this.#newShape(payload)(this);
      case Tag.shape: {
        const make = this.#makers[payload];
        if (make === undefined) throw damaged(`keys number ${payload}`);
        return make(this);
      }
      case Tag.array:
        return this.#values(payload);
      case Tag.integers:
        return this.#integers(payload);
      case Tag.doubles: {
        const first = (this.#at + 1) >> 1;
        this.#skip(((first + payload) << 1) - this.#at);
        return this.#doublesFrom(first, payload);
      }
      case Tag.date:
        return new Date(this.#double());
      case Tag.map: {
        const map = new Map<unknown, unknown>();
        for (let index = 0; index < payload; index += 1) map.set(this.value(), this.value());
        return map;
      }
      case Tag.set: {
        const set = new Set<unknown>();
        for (let index = 0; index < payload; index += 1) set.add(this.value());
        return set;
      }
      case Tag.arrayBuffer:
        return this.#buffer();
      case Tag.view:
        return this.#view(payload);
      case Tag.dictionary:
        return this.#dictionary(payload);
      default:
        throw damaged(`a value of kind ${tag}`);
    }
  }

  #newShape(count: number): Make {
    const hash = this.#word();
    const length = this.#word();
    const start = this.#at;
    const make = makerOf(this.#memory, start, this.#skip(length), hash, count);
    this.#makers.push(make);
    return make;
  }

  #dictionary(count: number): object {
    const object: Record<string, unknown> = {};
    for (let index = 0; index < count; index += 1) {
      const key = this.value();
      if (typeof key !== 'string') throw damaged('a key that is no string');
      put(object, key, this.value());
    }
    return object;
  }

  #values(count: number): unknown[] {
    // Each is a word at least.
    if (count > this.#end - this.#at) throw damaged(`${count} values`);
    const list = new Array<unknown>(count);
    for (let index = 0; index < count; index += 1) list[index] = this.value();
    return list;
  }

  #integers(count: number): number[] {
    const words = this.#words;
    const first = this.#at;
    this.#skip(count);
    const list = new Array<number>(count);
    for (let index = 0; index < count; index += 1) list[index] = words[first + index] as number;
    return list;
  }

  #buffer(): ArrayBuffer {
    const length = this.#word();
    const from = ((this.#at + 1) & ~1) << 2;
    this.#skip((from >> 2) - this.#at + Math.ceil(length / 4));
    const source = this.#memory.bytes.subarray(from, from + length);
    const target = length < WORTH_ALLOCATING ? new Uint8Array(length) : Buffer.allocUnsafeSlow(length);
    target.set(source);
    return target.buffer as ArrayBuffer;
  }

  #view(type: number): ArrayBufferView {
    const known = VIEW_TYPES[type];
    if (known === undefined) throw damaged(`a view of type ${type}`);
    const offset = this.#word();
    const length = this.#word();
    const buffer = this.value();
    if (!(buffer instanceof ArrayBuffer)) throw damaged('a view without a buffer');
    // Throws a RangeError unless it lies within the buffer, in whole elements.
    return new known.View(buffer, offset, length / known.bytesPerElement);
  }
}

/** Bytes from which on to spare the zeros is worth more than a `Buffer` costs. */
const WORTH_ALLOCATING = 4096;

function damaged(what: string): TypeError {
  return new TypeError(`A message in memory is damaged: ${what}`);
}
