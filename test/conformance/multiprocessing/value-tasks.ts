// What runs in other processes in the tests of shared values.
import type {
  ItemType,
  RawArray,
  RawValue,
  Array as SharedArray,
  Value,
} from '../../../src/multiprocessing/values/index.ts';

export function setAll(values: readonly (Value | RawValue)[], to: readonly never[]): void {
  values.forEach((value, index) => {
    value.value = to[index] as never;
  });
}

/** Each item becomes the sum of all up to it. */
export function addUp(array: SharedArray<'i'> | RawArray<'i'>): void {
  for (let index = 1; index < array.length; index += 1) {
    array.set(index, array.get(index) + array.get(index - 1));
  }
}

export function double(
  x: RawValue<'i'> | Value<'i'>,
  y: RawValue<'d'> | Value<'d'>,
  list: RawArray<'d'> | SharedArray<'d'>,
  text: RawArray<'c'> | SharedArray<'c'>,
): void {
  x.value *= 2;
  y.value *= 2;
  text.value = text.value.repeat(2);
  for (let index = 0; index < list.length; index += 1) list.set(index, list.get(index) * 2);
}

/** Adds 1 to the counter so many times, each in three steps under its lock; begins when all are there. */
export async function countUnderLock(counter: Value<'i'>, present: Value<'i'>, times: number): Promise<void> {
  await allPresent(present);
  for (let n = 0; n < times; n += 1) {
    if (n % 100 === 0) {
      await counter.withLock(() => {
        counter.value += 1;
      });
    } else {
      counter.withLockSync(() => {
        counter.value += 1;
      });
    }
  }
}

/** The same without a lock, in one step each. */
export async function countAtomically(
  counters: readonly Value<'i' | 'b' | 'H'>[],
  wide: RawValue<'q'>,
  present: Value<'i'>,
  times: number,
): Promise<void> {
  await allPresent(present);
  for (let n = 0; n < times; n += 1) {
    for (const counter of counters) counter.add(1);
    wide.add(2n);
    wide.sub(1n);
  }
}

/** Takes turns by a boolean, so that no two are inside at once; gives how often somebody else was. */
export async function spinInTurn(
  busy: RawValue<'?'>,
  inside: RawValue<'i'>,
  present: Value<'i'>,
  times: number,
): Promise<number> {
  await allPresent(present);
  let collisions = 0;
  for (let n = 0; n < times; n += 1) {
    while (busy.compareExchange(false, true)) await new Promise(setImmediate);
    if (inside.add(1) !== 0) collisions += 1;
    inside.sub(1);
    busy.value = false;
  }
  return collisions;
}

export function isSame(one: object, other: object): boolean {
  return one === other;
}

export function lockOfOneIsOther<T extends ItemType>(value: Value<T>, lock: object): boolean {
  return value.getLock() === lock;
}

async function allPresent(present: Value<'i'>): Promise<void> {
  present.add(1);
  while (present.value < 2) await new Promise(setImmediate);
}
