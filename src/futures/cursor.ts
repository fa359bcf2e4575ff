/** Steps through several iterables at once, sync or async, until the shortest ends. */

export interface Cursor {
  /** Values per tuple: one for each iterable. */
  readonly arity: number;
  /** Whether `pull` gives promises: one of the iterables is async. */
  readonly isAsync: boolean;
  /** How many tuples there will be, where that is known beforehand. */
  readonly length: number | undefined;
  /**
   * Appends up to `count` tuples to `into`, one value after the other, and returns how many; fewer than
   * `count` is the end. If one of the iterables is async it is a promise, and at most one tuple a time.
   */
  pull(into: unknown[], count: number): number | Promise<number>;
  /** Tells the iterables that no more will be asked of them. */
  close(): void;
}

/**
 * Sized input (arrays, typed arrays, strings, sets, maps) is copied here, so that what the caller changes in
 * it after the call is not seen. No iterables at all are an input that is empty.
 *
 * @throws TypeError naming what is not iterable.
 */
export function openCursor(iterables: ReadonlyArray<Iterable<unknown> | AsyncIterable<unknown>>): Cursor {
  const inputs = iterables.map((iterable, position) => open(iterable, position));
  const lengths = inputs.map(({ length }) => length).filter((length) => length !== undefined);
  let ended = inputs.length === 0;
  const end = (): void => {
    if (ended) return;
    ended = true;
    for (const { close } of inputs) close();
  };
  const [only] = inputs;
  const items = inputs.length === 1 ? only?.items : undefined;
  let position = 0;

  const pullItems = (all: readonly unknown[], into: unknown[], count: number): number => {
    const part = all.slice(position, position + count);
    position += part.length;
    for (const item of part) into.push(item);
    return part.length;
  };
  const pullSync = (into: unknown[], count: number): number => {
    for (let pulled = 0; pulled < count; pulled += 1) {
      const before = into.length;
      for (const { step } of inputs) {
        const result = step() as IteratorResult<unknown>;
        if (result.done) {
          into.length = before;
          end();
          return pulled;
        }
        into.push(result.value);
      }
    }
    return count;
  };
  const pullAsync = async (into: unknown[]): Promise<number> => {
    // All are asked at once: two slow sources cost the slower one's time, not the sum.
    const results = await Promise.all(inputs.map(({ step }) => step()));
    if (results.some(({ done }) => done)) {
      end();
      return 0;
    }
    for (const { value } of results) into.push(value);
    return 1;
  };
  const isAsync = inputs.some((input) => input.isAsync);
  return {
    arity: inputs.length,
    isAsync,
    // The shortest input ends the map, so the smallest length is exact only when all are known.
    length:
      lengths.length === inputs.length ? Math.min(...lengths, inputs.length === 0 ? 0 : Infinity) : undefined,
    pull: (into, count) => {
      if (ended) return 0;
      if (items !== undefined) return pullItems(items, into, count);
      return isAsync ? pullAsync(into) : pullSync(into, count);
    },
    close: end,
  };
}

interface Input {
  /** All of it, where it is at hand. */
  readonly items?: readonly unknown[];
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
      return {
        items,
        length: items.length,
        isAsync: false,
        step: () => iterator.next(),
        close: () => undefined,
      };
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
