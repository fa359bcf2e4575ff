/** Steps through several iterables at once, sync or async, until the shortest ends. */

import type { Failure } from './map-results.ts';
import { packedArray } from './packed-array.ts';

/** What one pull brought. */
export interface Batch {
  /** Whole tuples, the values of each one after the other. */
  readonly values: unknown[];
  readonly count: number;
  /** Nothing comes after it. */
  readonly ended: boolean;
  /** Why it ended, where that is an error of one of the iterables. */
  readonly failure?: Failure | undefined;
}

export interface Cursor {
  /** Values per tuple: one for each iterable. */
  readonly arity: number;
  /** How many tuples there will be, where that is known beforehand. */
  readonly length: number | undefined;
  /**
   * Up to `count` tuples, in an array that is the caller's. If one of the iterables is async it is a promise, and
   * at most one tuple a time.
   */
  pull(count: number): Batch | Promise<Batch>;
  /** Tells the iterables that no more will be asked of them. */
  close(): void;
}

type AnyIterable = Iterable<unknown> | AsyncIterable<unknown>;

/**
 * Sized input (arrays, typed arrays, strings, sets, maps) is copied here, so that what the caller changes in
 * it after the call is not seen. No iterables at all are an input that is empty.
 *
 * @throws TypeError naming what is not iterable.
 */
export function openCursor(iterables: readonly AnyIterable[]): Cursor {
  const sources = iterables.map((iterable, position) => open(iterable, position));
  const lists: List[] = [];
  for (const source of sources) if ('items' in source) lists.push(source.items);
  if (lists.length === sources.length) return overLists(lists);
  return overSteps(sources.map((source) => ('items' in source ? stepsOf(source.items) : source)));
}

function nothing(failure?: Failure): Batch {
  return { values: [], count: 0, ended: true, failure };
}

// ── all of it is at hand ────────────────────────────────────────────────────────────────────────────────────

type List = ArrayLike<unknown>;

/** Copies tuples out of lists in bulk: a call for each item would cost more than all the rest of a map. */
function overLists(lists: readonly List[]): Cursor {
  const arity = lists.length;
  let length = arity === 0 ? 0 : Math.min(...lists.map((list) => list.length));
  let position = 0;
  return {
    arity,
    length,
    pull: (wanted) => {
      const count = Math.min(wanted, length - position);
      if (count <= 0) return nothing();
      const samples = lists.map((list) => list[position]);
      const areNumbers = samples.every((value) => typeof value === 'number');
      const values = packedArray(count * arity, areNumbers ? samples[0] : undefined);
      for (const [at, list] of lists.entries()) copy(list, position, values, at, arity);
      position += count;
      return { values, count, ended: position === length };
    },
    close: () => {
      length = 0;
    },
  };
}

/** Every `step`th value from `first` on becomes the next one of the list. */
function copy(list: List, from: number, values: unknown[], first: number, step: number): void {
  for (let at = first, source = from; at < values.length; at += step, source += 1) values[at] = list[source];
}

// ── one step after the other ────────────────────────────────────────────────────────────────────────────────

interface Steps {
  readonly isAsync: boolean;
  next(): IteratorResult<unknown> | Promise<IteratorResult<unknown>>;
  close(): void;
}

function overSteps(inputs: readonly Steps[]): Cursor {
  let ended = false;
  const end = (): void => {
    if (ended) return;
    ended = true;
    for (const { close } of inputs) close();
  };
  const pullSync = (wanted: number): Batch => {
    const values: unknown[] = [];
    let count = 0;
    let failure: Failure | undefined;
    try {
      while (count < wanted && step(values)) count += 1;
    } catch (error) {
      failure = { error };
    }
    if (count === wanted) return { values, count, ended: false };
    end();
    // The tuple that the end came in the middle of is none.
    values.length = count * inputs.length;
    return { values, count, ended: true, failure };
  };
  const step = (values: unknown[]): boolean => {
    for (const input of inputs) {
      const result = input.next() as IteratorResult<unknown>;
      if (result.done) return false;
      values.push(result.value);
    }
    return true;
  };
  const pullAsync = async (): Promise<Batch> => {
    let failure: Failure | undefined;
    try {
      // All are asked at once: two slow sources cost the slower one's time, not the sum.
      const results = await Promise.all(inputs.map((input) => input.next()));
      if (!results.some(({ done }) => done)) {
        return { values: results.map(({ value }) => value as unknown), count: 1, ended: false };
      }
    } catch (error) {
      failure = { error };
    }
    end();
    return nothing(failure);
  };
  const isAsync = inputs.some((input) => input.isAsync);
  return {
    arity: inputs.length,
    length: undefined,
    pull: (wanted) => {
      if (ended) return nothing();
      return isAsync ? pullAsync() : pullSync(wanted);
    },
    close: end,
  };
}

function stepsOf(items: List): Steps {
  let position = 0;
  return {
    isAsync: false,
    next: () =>
      position < items.length ? { done: false, value: items[position++] } : { done: true, value: undefined },
    close: () => undefined,
  };
}

function fromIterator(iterator: Iterator<unknown> | AsyncIterator<unknown>, isAsync: boolean): Steps {
  let done = false;
  const note = (result: IteratorResult<unknown>): IteratorResult<unknown> => {
    if (result.done) done = true;
    return result;
  };
  return {
    isAsync,
    next: () => {
      const result = iterator.next();
      return isAsync ? Promise.resolve(result).then(note) : note(result as IteratorResult<unknown>);
    },
    close: () => {
      if (done) return;
      done = true;
      // An input that fails to close has given all that was asked of it; nobody could act on the error.
      try {
        const closing: unknown = iterator.return?.();
        if (closing instanceof Promise) closing.catch(() => undefined);
      } catch {}
    },
  };
}

// ── opening ─────────────────────────────────────────────────────────────────────────────────────────────────

function open(iterable: AnyIterable, position: number): Steps | { readonly items: List } {
  const input: unknown = iterable;
  if (
    typeof input === 'string' ||
    (typeof input === 'object' && input !== null) ||
    typeof input === 'function'
  ) {
    const object = input as Partial<Iterable<unknown> & AsyncIterable<unknown>>;
    if (isSized(input)) return { items: copyOfTyped(input) ?? Array.from(input) };
    const makeAsync = object[Symbol.asyncIterator];
    if (typeof makeAsync === 'function') return fromIterator(makeAsync.call(object), true);
    const make = object[Symbol.iterator];
    if (typeof make === 'function') return fromIterator(make.call(object), false);
  }
  throw new TypeError(
    `map() needs an iterable for each parameter; number ${position + 1} is ${String(input)}`,
  );
}

function isSized(input: unknown): input is Iterable<unknown> {
  return (
    typeof input === 'string' ||
    Array.isArray(input) ||
    input instanceof Set ||
    input instanceof Map ||
    (ArrayBuffer.isView(input) && !(input instanceof DataView))
  );
}

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const typedValues = Reflect.get(typedArray, 'values') as unknown;

/**
 * A copy as `Array.from` would make it, but of numbers as they are: boxing each takes as long as ten squares.
 * Undefined where a program has said that the array is to be iterated in some other way.
 */
function copyOfTyped(input: Iterable<unknown>): List | undefined {
  if (!ArrayBuffer.isView(input) || input[Symbol.iterator] !== typedValues) return undefined;
  // Of the plain type, whatever class it is: `slice` of a `Buffer` copies nothing.
  const type = Reflect.get(typedArray, Symbol.toStringTag, input) as 'Float64Array';
  return new globalThis[type](input as unknown as Float64Array);
}
