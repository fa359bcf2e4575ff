/** Steps through several iterables at once, sync or async, until the shortest ends. */

export interface Cursor {
  /** How many tuples there will be, where that is known beforehand. */
  readonly length: number | undefined;
  /** The next tuple, `undefined` at the end; a promise only if one of the iterables is async. */
  next(): unknown[] | undefined | Promise<unknown[] | undefined>;
  /** Tells the iterables that no more will be asked of them. */
  close(): void;
}

/**
 * Sized input (arrays, typed arrays, strings, sets, maps) is copied here, so that what the caller changes in it
 * after the call is not seen. No iterables at all are an input that is empty.
 *
 * @throws TypeError naming what is not iterable.
 */
export function openCursor(iterables: ReadonlyArray<Iterable<unknown> | AsyncIterable<unknown>>): Cursor {
  const inputs = iterables.map((iterable, position) => open(iterable, position));
  const lengths = inputs.map(({ length }) => length);
  const known = lengths.filter((length) => length !== undefined);
  // One endless input beside an array ends with the array, so the smallest known length is an upper bound only;
  // it is exact when all are known.
  const length =
    known.length === inputs.length ? Math.min(...known, inputs.length === 0 ? 0 : Infinity) : undefined;
  let ended = inputs.length === 0;

  const end = (): undefined => {
    ended = true;
    for (const { close } of inputs) close();
    return undefined;
  };
  const nextSync = (): unknown[] | undefined => {
    const tuple: unknown[] = [];
    for (const { step } of inputs) {
      const result = step() as IteratorResult<unknown>;
      if (result.done) return end();
      tuple.push(result.value);
    }
    return tuple;
  };
  const nextAsync = async (): Promise<unknown[] | undefined> => {
    // All are asked at once: two slow sources cost the slower one's time, not the sum.
    const results = await Promise.all(inputs.map(({ step }) => step()));
    return results.some(({ done }) => done) ? end() : results.map(({ value }) => value);
  };
  const isAsync = inputs.some((input) => input.isAsync);
  return {
    length,
    next: () => (ended ? undefined : isAsync ? nextAsync() : nextSync()),
    close: () => {
      if (!ended) end();
    },
  };
}

interface Input {
  readonly length: number | undefined;
  readonly isAsync: boolean;
  step(): IteratorResult<unknown> | Promise<IteratorResult<unknown>>;
  close(): void;
}

function open(iterable: Iterable<unknown> | AsyncIterable<unknown>, position: number): Input {
  const input: unknown = iterable;
  if (
    typeof input === 'string' ||
    (typeof input === 'object' && input !== null) ||
    typeof input === 'function'
  ) {
    const object = input as Partial<Iterable<unknown> & AsyncIterable<unknown>>;
    if (isSized(input)) {
      const items = Array.from(input);
      const iterator = items.values();
      return { length: items.length, isAsync: false, step: () => iterator.next(), close: () => undefined };
    }
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

function fromIterator(iterator: Iterator<unknown> | AsyncIterator<unknown>, isAsync: boolean): Input {
  let done = false;
  const note = (result: IteratorResult<unknown>): IteratorResult<unknown> => {
    done = result.done === true;
    return result;
  };
  return {
    length: undefined,
    isAsync,
    step: () => {
      const result = iterator.next();
      return result instanceof Promise || isAsync
        ? Promise.resolve(result).then(note)
        : note(result as IteratorResult<unknown>);
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
