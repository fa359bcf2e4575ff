/** Maps over lists of arguments. */

import type { Executor, Iterables } from '../../futures/executor.ts';

/** Any input of a map. */
export type Input<T> = Iterable<T> | AsyncIterable<Awaited<T>>;

/** All of the input, copied; a promise where it is async. @throws TypeError for what cannot be iterated. */
export function readRows<A extends readonly unknown[]>(input: Input<A>): A[] | Promise<A[]> {
  if (!(Symbol.asyncIterator in Object(input))) return Array.from(input as Iterable<A>);
  return readAll(input as unknown as AsyncIterable<A>);
}

async function readAll<A>(input: AsyncIterable<A>): Promise<A[]> {
  const rows: A[] = [];
  for await (const row of input) rows.push(row);
  return rows;
}

/**
 * Calls `fn(...row)` for each row. An executor's map takes a list for each parameter, so the rows are turned into columns;
 * where they differ in length there are none, and each call is a task of its own.
 */
export function spread<A extends unknown[], R>(
  executor: Executor,
  fn: (...args: A) => R,
  rows: readonly A[],
): AsyncIterable<Awaited<R>> {
  const width = rows[0]?.length ?? 0;
  if (width === 0 || rows.some((row) => row.length !== width)) {
    const futures = rows.map((row) => executor.submit(fn, ...row));
    return fromSteps(futures.map((future) => () => future.result()));
  }
  const columns = Array.from({ length: width }, (_, at) => rows.map((row) => row[at]));
  const results = executor.map(fn, ...(columns as Iterables<A>));
  return { [Symbol.asyncIterator]: () => results[Symbol.asyncIterator]() };
}

/** Goes on after a step that failed, as a map does and a generator could not. */
function fromSteps<R>(steps: ReadonlyArray<() => Promise<R>>): AsyncIterable<R> {
  let at = 0;
  const next = async (): Promise<IteratorResult<R>> => {
    const step = steps[at];
    at += 1;
    return step === undefined ? { done: true, value: undefined } : { done: false, value: await step() };
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}
