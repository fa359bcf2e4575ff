/** One number or boolean that processes share, without a lock. */

import { type Place, registerShared, SharedObject } from '../../sync/shared-object.ts';
import {
  type ExactOf,
  type Form,
  formOf,
  type IntegerOf,
  type Item,
  type ItemType,
  numberOf,
  type Stored,
} from './types.ts';

/** The value itself is at byte 8, where it is aligned whatever its type. */
const TYPE = 0;
const WORDS = 4;
const ITEM_BYTE = 8;

/** What `RawValue` is, wherever the memory comes from. */
export class RawValueBase<T extends ItemType> extends SharedObject {
  readonly #form: Form;
  readonly #items: Int32Array;

  /** @internal `type`: of a new one. */
  constructor(place: Place, type?: T, initial?: Item<T>) {
    const number = type === undefined ? undefined : numberOf(type);
    super(place, WORDS);
    if (number !== undefined) this.block.words[TYPE] = number;
    this.#form = formOf(this.block.words[TYPE] as number);
    const { buffer, byteOffset } = this.block.words;
    // One type stands for all that have the same methods.
    this.#items = this.#form.view(buffer, byteOffset + ITEM_BYTE, 1) as never;
    if (this.isNew && initial !== undefined) this.value = initial;
  }

  protected override get state(): string {
    return `${this.type} ${String(this.value)}`;
  }

  /** The name of its type: `'int32'`, also of one that was made with `'i'`. */
  get type(): ItemType {
    return this.#form.name;
  }

  /** To read it, and to write it, is one step each. Both together are not: somebody else may write in between. */
  get value(): Item<T> {
    const isFloat = this.#form.kind === 'float';
    return this.#item(isFloat ? (this.#items[0] as number) : Atomics.load(this.#items, 0));
  }

  /** @throws TypeError or RangeError if it is no value of this type */
  set value(value: Item<T>) {
    const stored = this.#form.store('value', value) as number;
    if (this.#form.kind === 'float') this.#items[0] = stored;
    else Atomics.store(this.#items, 0, stored);
  }

  /** `value`, for those who call the others as well. */
  load(): Item<T> {
    return this.value;
  }

  /** Sets it, and gives what it was given. */
  store(value: Item<T>): Item<T> {
    this.value = value;
    return value;
  }

  /**
   * Adds to an integer in one step, whoever else does so at the same time, and gives what it was before. What is too large
   * comes round from below, as in all arithmetic of a fixed size.
   *
   * @throws TypeError if it is no integer, or `operand` is none; RangeError if that is none of this type
   */
  add(operand: IntegerOf<T>): Item<T> {
    this.#assertInteger('add');
    return this.#item(Atomics.add(this.#items, 0, this.#form.store('operand', operand) as number));
  }

  /** Subtracts likewise. */
  sub(operand: IntegerOf<T>): Item<T> {
    this.#assertInteger('sub');
    return this.#item(Atomics.sub(this.#items, 0, this.#form.store('operand', operand) as number));
  }

  /** Sets an integer or a boolean, and gives what it was before, in one step. */
  exchange(value: ExactOf<T>): Item<T> {
    this.#assertExact('exchange');
    return this.#item(Atomics.exchange(this.#items, 0, this.#form.store('value', value) as number));
  }

  /** Sets an integer or a boolean if it is `expected`, in one step, and gives what it was before. */
  compareExchange(expected: ExactOf<T>, value: ExactOf<T>): Item<T> {
    this.#assertExact('compareExchange');
    const from = this.#form.store('expected', expected) as number;
    const to = this.#form.store('value', value) as number;
    return this.#item(Atomics.compareExchange(this.#items, 0, from, to));
  }

  #item(stored: Stored): Item<T> {
    return (this.#form.kind === 'boolean' ? stored !== 0 : stored) as Item<T>;
  }

  #assertExact(method: string): void {
    if (this.#form.kind !== 'float') return;
    throw new TypeError(`${method}() needs an integer or a boolean, and this value is of type ${this.type}`);
  }

  #assertInteger(method: string): void {
    if (this.#form.kind === 'integer' || this.#form.kind === 'bigint') return;
    throw new TypeError(`${method}() needs an integer, and this value is of type ${this.type}`);
  }
}

/**
 * One number or boolean in memory that all processes of the family share.
 *
 * As an argument, a result or an item of a queue it arrives as what it is, not as a copy. Integers (of up to 32 bits; 64
 * bits as bigints) have the operations of `Atomics`, which need no lock.
 *
 * @throws TypeError or RangeError if there is no such type, or `initial` is none of it
 * @throws SharedMemoryUnavailableError, OutOfSharedMemoryError
 * @see CPython `multiprocessing.RawValue`
 * @example
 * const done = new RawValue('i');
 * await Promise.all(files.map((file) => pool.submit(convert, file, done))); // each: done.add(1)
 */
export class RawValue<T extends ItemType = ItemType> extends RawValueBase<T> {
  /** `initial`: default 0, or false. */
  constructor(type: T, initial?: Item<T>) {
    numberOf(type);
    super('process', type, initial);
  }
}

registerShared(RawValue, RawValueBase, 'multiprocessing.RawValue', import.meta.url);
