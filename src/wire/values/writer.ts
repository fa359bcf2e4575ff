import { types } from 'node:util';
import { cloneToBytes } from '../bytes.ts';
import { elementOf } from '../parts.ts';
import { isShareable } from '../shareable.ts';
import {
  DEEPEST,
  hashOf,
  LARGEST_PAYLOAD,
  LONGEST_SHORT_STRING,
  MessageKind,
  Tag,
  V8_HEADER,
} from './format.ts';
import { Identities } from './identities.ts';
import { type KeyList, noKeys } from './keys.ts';
import { byteLengthOf, hasOnlyElements, isOfPlainClass, isOrdinaryBuffer, isPlain, viewOf } from './kinds.ts';
import type { Memory } from './memory.ts';
import { copyDoubles, copyIntegers } from './numbers.ts';
import { isWide, Texts } from './texts.ts';

/** The value does not fit into the room that there is. */
export const FULL = -1;
/** The value cannot cross in this form, and perhaps in none. */
export const UNFIT = -2;

/** Thrown inside, to leave a value half written. */
const noRoom = Symbol('no room');
const leaveToV8 = Symbol('leave to v8');
const unfit = Symbol('unfit');

/** Numbers the messages of all writers, since they share the lists of keys. */
let messages = 0;

const forEachInMap = Map.prototype.forEach;
const forEachInSet = Set.prototype.forEach;
const timeOf = Date.prototype.getTime;

/** A word is filled up to a pair with one more, then a double follows. */
const WORDS_OF_SMALLEST = 4;

/**
 * Writes values into memory, as `structuredClone` would copy them; `format.ts` says how they lie there.
 *
 * What is written here is what most values are made of. The rest (errors, regular expressions, boxed
 * primitives, cycles, arrays with holes or names, what is nested deeply) is left to v8's serializer, for the
 * whole message. What that refuses, and what it would change, is `UNFIT`; so are shareable objects: a reader of this
 * memory could not wait for the module that knows them.
 *
 * A value that turns out not to be for this writer is begun again by another: a getter may then run twice.
 * The marks of `transfer()` are not looked at; whoever honours them asks before.
 */
export class ValueWriter {
  readonly #memory: Memory;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #identities = new Identities();
  /** The objects that the one being written is in. */
  readonly #around: (object | undefined)[] = Array.from({ length: DEEPEST });
  #busy = false;
  #linked = false;
  #depth = 0;
  /** In words: where the next goes, and where there is no more room. */
  #at = 0;
  #end = 0;
  #message = 0;
  #shapes = 0;
  readonly #texts = new Texts();

  constructor(memory: Memory) {
    this.#memory = memory;
    this.#words = memory.words;
    this.#doubles = memory.doubles;
  }

  /**
   * Writes `value` at byte `start`, a multiple of 8, and nothing at or after byte `limit`. Answers where it
   * ends, `FULL` or `UNFIT`. Throws only what getters of the value throw.
   */
  write(value: unknown, start: number, limit: number): number {
    if (value === undefined) return start;
    return this.#write(value, undefined, start, limit);
  }

  /** The same for a list of values, such as the arguments of a call; its holes become `undefined`. */
  writeList(values: readonly unknown[], start: number, limit: number): number {
    const { length } = values;
    if (length === 0) return start;
    const end = start + 8 + length * 8;
    if (end <= limit && length <= LARGEST_PAYLOAD && copyDoubles(values, this.#doubles, (start >> 3) + 1)) {
      this.#words[start >> 2] = (length << 8) | MessageKind.numbers;
      this.#words[(start >> 2) + 1] = 0;
      return end;
    }
    return this.#write(undefined, values, start, limit);
  }

  #write(value: unknown, list: readonly unknown[] | undefined, start: number, limit: number): number {
    // A getter of a value that sends a value.
    if (this.#busy) return UNFIT;
    this.#busy = true;
    this.#at = (start >> 2) + 2;
    this.#end = (limit >> 3) << 1;
    messages += 1;
    this.#message = messages;
    try {
      if (list === undefined) this.#value(value);
      else {
        if (list.length > LARGEST_PAYLOAD) throw leaveToV8;
        for (let index = 0; index < list.length; index += 1) this.#value(elementOf(list, index));
      }
      return this.#finish(start, list === undefined ? 1 : list.length);
    } catch (reason) {
      if (reason === noRoom) return FULL;
      if (reason === unfit) return UNFIT;
      if (reason !== leaveToV8) throw reason;
      return this.#writeWithV8(value, list, start, limit);
    } finally {
      this.#forget();
    }
  }

  #forget(): void {
    this.#identities.clear();
    // What was left in the middle is still there.
    for (let depth = this.#depth - 1; depth >= 0; depth -= 1) this.#around[depth] = undefined;
    this.#busy = false;
    this.#linked = false;
    this.#depth = 0;
    this.#shapes = 0;
    this.#texts.clear();
  }

  #finish(start: number, count: number): number {
    const words = this.#words;
    const first = start >> 2;
    words[first] = (count << 8) | (this.#linked ? MessageKind.linked : MessageKind.values);
    const { count: texts } = this.#texts;
    words[first + 1] = texts === 0 ? 0 : this.#at - first;
    for (let index = 0; index < texts; index += 1) this.#text(index);
    return (this.#at + (this.#at & 1)) << 2;
  }

  #writeWithV8(value: unknown, list: readonly unknown[] | undefined, start: number, limit: number): number {
    let bytes: Uint8Array;
    try {
      bytes = cloneToBytes(list ?? value);
    } catch {
      // The other ways refuse it too, and say why.
      return UNFIT;
    }
    const from = start + V8_HEADER;
    const end = Math.ceil((from + bytes.length) / 8) * 8;
    if (end > limit) return FULL;
    const words = this.#words;
    words[(end >> 2) - 2] = 0;
    words[(end >> 2) - 1] = 0;
    this.#memory.bytes.set(bytes, from);
    const first = start >> 2;
    words[first] = list === undefined ? MessageKind.v8Value : MessageKind.v8List;
    words[first + 1] = bytes.length;
    words[first + 2] = hashOf(words, from >> 2, end >> 2);
    words[first + 3] = 0;
    return end;
  }

  #value(value: unknown): void {
    if (this.#at + WORDS_OF_SMALLEST > this.#end) throw noRoom;
    switch (typeof value) {
      case 'number':
        return this.#number(value);
      case 'string':
        return this.#string(value);
      case 'object':
        return value === null ? this.#word(Tag.null) : this.#object(value);
      case 'boolean':
        return this.#word(value ? Tag.true : Tag.false);
      case 'undefined':
        return this.#word(Tag.undefined);
      case 'bigint':
        return this.#bigint(value);
      default:
        throw leaveToV8;
    }
  }

  /** For what comes after a value that has been begun: makes sure that there is room for so many words. */
  #need(words: number): void {
    if (words > this.#end - this.#at) throw noRoom;
  }

  #word(word: number): void {
    this.#words[this.#at] = word;
    this.#at += 1;
  }

  #number(value: number): void {
    if ((value << 8) >> 8 === value && (value !== 0 || 1 / value > 0)) this.#word((value << 8) | Tag.integer);
    else this.#double(Tag.double, value);
  }

  #double(tag: number, value: number): void {
    this.#words[this.#at] = tag;
    const pair = (this.#at + 2) >> 1;
    this.#doubles[pair] = value;
    this.#at = (pair + 1) << 1;
  }

  #bigint(value: bigint): void {
    if (BigInt.asIntN(64, value) === value) {
      this.#word(Tag.bigint64);
      this.#word(Number(BigInt.asIntN(32, value)));
      this.#word(Number(BigInt.asIntN(32, value >> 32n)));
    } else {
      this.#word(((value < 0n ? 1 : 0) << 8) | Tag.bigint);
      this.#string((value < 0n ? -value : value).toString(16));
    }
  }

  #string(value: string): void {
    const { length } = value;
    if (length <= LONGEST_SHORT_STRING && this.#texts.add(value)) this.#word((length << 8) | Tag.shortString);
    else this.#longString(value);
  }

  #longString(value: string): void {
    const { length } = value;
    const wide = isWide(value);
    const size = wide ? length * 2 : length;
    const words = (size + 3) >> 2;
    this.#need(2 + words);
    this.#word(wide ? Tag.utf16String : Tag.latin1String);
    this.#word(length);
    this.#memory.bytes.write(value, this.#at << 2, size, wide ? 'utf16le' : 'latin1');
    this.#at += words;
  }

  #text(index: number): void {
    const length = this.#texts.lengthOf(index);
    const words = (length + 3) >> 2;
    this.#need(2 + words);
    this.#word(Tag.latin1String);
    this.#word(length);
    this.#texts.copy(index, this.#memory, this.#at);
    this.#at += words;
  }

  #object(object: object): void {
    // Before anything that could run a trap.
    if (types.isProxy(object)) throw leaveToV8;
    const number = this.#identities.find(object);
    if (number >= 0) return this.#reference(object, number);
    if (this.#depth === DEEPEST) throw leaveToV8;
    this.#around[this.#depth] = object;
    this.#depth += 1;
    if (Array.isArray(object)) this.#array(object);
    else if (isPlain(object)) this.#record(object);
    else this.#other(object);
    this.#depth -= 1;
    this.#around[this.#depth] = undefined;
  }

  #reference(object: object, number: number): void {
    if (number > LARGEST_PAYLOAD) throw leaveToV8;
    // Of a cycle the reader would need the object before it has read what is in it.
    for (let depth = 0; depth < this.#depth; depth += 1) if (this.#around[depth] === object) throw leaveToV8;
    this.#linked = true;
    this.#word((number << 8) | Tag.reference);
  }

  /** An object that inherits nothing that a loop would meet. */
  #record(object: object): void {
    let keys: KeyList | undefined = noKeys();
    let count = 0;
    // Not Object.keys: V8 knows the keys of an object from the last one of its class, and in the second loop
    // finds their values without a search. To ask of each key whether it is the object's own would spoil that.
    for (const key in object) {
      count += 1;
      if (keys !== undefined) keys = keys.with(key);
    }
    if (keys === undefined) return this.#dictionary(object, count);
    this.#shape(keys);
    for (const key in object) {
      count -= 1;
      this.#value((object as Record<string, unknown>)[key]);
    }
    // A getter has deleted a property.
    if (count !== 0) throw leaveToV8;
  }

  #shape(keys: KeyList): void {
    if (keys.message === this.#message) return this.#word((keys.index << 8) | Tag.shape);
    const { text } = keys;
    this.#need(3 + text.length);
    keys.message = this.#message;
    keys.index = this.#shapes;
    this.#shapes += 1;
    this.#word((keys.length << 8) | Tag.newShape);
    this.#word(keys.hash);
    this.#word(text.length);
    for (let index = 0; index < text.length; index += 1) this.#word(text[index] as number);
  }

  #dictionary(object: object, count: number): void {
    if (count > LARGEST_PAYLOAD) throw leaveToV8;
    this.#word((count << 8) | Tag.dictionary);
    let left = count;
    for (const key in object) {
      left -= 1;
      this.#need(WORDS_OF_SMALLEST);
      this.#string(key);
      this.#value((object as Record<string, unknown>)[key]);
    }
    if (left !== 0) throw leaveToV8;
  }

  #array(array: readonly unknown[]): void {
    const { length } = array;
    if (length > LARGEST_PAYLOAD || !hasOnlyElements(array)) throw leaveToV8;
    if (length > 1 && typeof elementOf(array, 0) === 'number') {
      if (this.#integers(array) || this.#doubleArray(array)) return;
    }
    this.#word((length << 8) | Tag.array);
    for (let index = 0; index < length; index += 1) {
      const value = elementOf(array, index);
      if (value === undefined && !Object.hasOwn(array, index)) throw leaveToV8;
      this.#value(value);
    }
    if (array.length !== length) throw leaveToV8;
  }

  #integers(array: readonly unknown[]): boolean {
    const { length } = array;
    const first = this.#at + 1;
    if (first + length > this.#end || !copyIntegers(array, this.#words, first)) return false;
    this.#words[this.#at] = (length << 8) | Tag.integers;
    this.#at = first + length;
    return true;
  }

  #doubleArray(array: readonly unknown[]): boolean {
    const { length } = array;
    const first = (this.#at + 2) >> 1;
    const next = (first + length) << 1;
    if (next > this.#end || !copyDoubles(array, this.#doubles, first)) return false;
    this.#words[this.#at] = (length << 8) | Tag.doubles;
    this.#at = next;
    return true;
  }

  #other(object: object): void {
    if (ArrayBuffer.isView(object)) this.#view(object);
    else if (types.isMap(object)) this.#map(object);
    else if (types.isSet(object)) this.#set(object);
    else if (types.isDate(object)) this.#double(Tag.date, timeOf.call(object));
    else if (isOrdinaryBuffer(object)) this.#buffer(object);
    else if (isShareable(object)) throw unfit;
    else if (isOfPlainClass(object)) this.#record(object);
    else throw leaveToV8;
  }

  // What a getter inside adds or deletes is not seen, here as in a clone.
  #map(map: ReadonlyMap<unknown, unknown>): void {
    const parts: unknown[] = [];
    forEachInMap.call(map, (value, key) => parts.push(key, value));
    this.#collection(Tag.map, parts, parts.length / 2);
  }

  #set(set: ReadonlySet<unknown>): void {
    const parts: unknown[] = [];
    forEachInSet.call(set, (value) => parts.push(value));
    this.#collection(Tag.set, parts, parts.length);
  }

  #collection(tag: number, parts: readonly unknown[], count: number): void {
    if (count > LARGEST_PAYLOAD) throw leaveToV8;
    this.#word((count << 8) | tag);
    for (let index = 0; index < parts.length; index += 1) this.#value(parts[index]);
  }

  #view(view: ArrayBufferView): void {
    const parts = viewOf(view);
    if (parts === undefined) throw leaveToV8;
    this.#word((parts.type << 8) | Tag.view);
    this.#word(parts.byteOffset);
    this.#word(parts.byteLength);
    this.#need(WORDS_OF_SMALLEST);
    const number = this.#identities.find(parts.buffer);
    if (number >= 0) this.#reference(parts.buffer, number);
    else this.#buffer(parts.buffer);
  }

  #buffer(buffer: ArrayBuffer): void {
    const length = byteLengthOf.call(buffer);
    const at = (this.#at + 3) & ~1;
    if (length > (this.#end - at) * 4) throw noRoom;
    this.#word(Tag.arrayBuffer);
    this.#word(length);
    this.#memory.bytes.set(new Uint8Array(buffer), at << 2);
    this.#at = at + Math.ceil(length / 4);
  }
}
