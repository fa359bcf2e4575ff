import { RawValue } from './raw-value.ts';
import {
  type LockOptions,
  lockFor,
  registerSynchronized,
  Synchronized,
  type ValueLock,
} from './synchronized.ts';
import type { ExactOf, IntegerOf, Item, ItemType } from './types.ts';

/** `Value` around memory and a lock that are there already. */
export class ValueBase<T extends ItemType> extends Synchronized<RawValue<T>> {
  /** See {@link RawValue.type}. */
  get type(): ItemType {
    return this.getObj().type;
  }

  /** To read it, and to write it, is one step each, and does not wait for the lock. `value += 1` is two. */
  get value(): Item<T> {
    return this.getObj().value;
  }

  /** @throws TypeError or RangeError if it is no value of this type */
  set value(value: Item<T>) {
    this.getObj().value = value;
  }

  /** See {@link RawValue.load}. */
  load(): Item<T> {
    return this.getObj().value;
  }

  /** See {@link RawValue.store}. */
  store(value: Item<T>): Item<T> {
    return this.getObj().store(value);
  }

  /** See {@link RawValue.add}. */
  add(operand: IntegerOf<T>): Item<T> {
    return this.getObj().add(operand);
  }

  /** See {@link RawValue.sub}. */
  sub(operand: IntegerOf<T>): Item<T> {
    return this.getObj().sub(operand);
  }

  /** See {@link RawValue.exchange}. */
  exchange(value: ExactOf<T>): Item<T> {
    return this.getObj().exchange(value);
  }

  /** See {@link RawValue.compareExchange}. */
  compareExchange(expected: ExactOf<T>, value: ExactOf<T>): Item<T> {
    return this.getObj().compareExchange(expected, value);
  }
}

/**
 * One number or boolean in memory that all processes of the family share, with a lock for whoever does more than one
 * thing with it.
 *
 * `counter.value += 1` reads and then writes, so that what somebody else writes in between is lost: hold the lock, as in
 * the example, or use `counter.add(1)`, which is one step and needs none. Nothing but your code waits for the lock:
 * where one uses it, all have to.
 *
 * As an argument, a result or an item of a queue it arrives as what it is, not as a copy.
 *
 * @throws TypeError or RangeError if there is no such type, `initial` is none of it, or an option is wrong
 * @throws SharedMemoryUnavailableError, OutOfSharedMemoryError
 * @see CPython `multiprocessing.Value`
 * @example
 * const total = new Value('d', 0);
 * await total.withLock(() => {
 *   total.value += price;
 * });
 */
export class Value<T extends ItemType = ItemType> extends ValueBase<T> {
  /** `initial`: default 0, or false. */
  constructor(type: T, initial?: Item<T>, options: LockOptions = {}) {
    const lock = lockFor(options, 'Value');
    super(new RawValue(type, initial), lock);
  }
}

/** A `Value` of memory that is there already. */
export function valueOf<T extends ItemType>(raw: RawValue<T>, lock: ValueLock | undefined): Value<T> {
  return Reflect.construct(ValueBase, [raw, lock], Value) as Value<T>;
}

registerSynchronized(Value, valueOf, 'multiprocessing.Value', import.meta.url);
