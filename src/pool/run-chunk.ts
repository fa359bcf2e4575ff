/**
 * A chunk of a map: the function once per item, one after the other; an item that throws costs itself only.
 */

import { packedArray } from '../futures/packed-array.ts';
import { isThenable } from '../futures/thenable.ts';

/** What `worker-runtime.ts` answers a chunk with; `values` has `undefined` where `errors` has the index. */
export interface ChunkOutcome {
  readonly values: unknown[];
  readonly errors: Array<[index: number, error: unknown]>;
}

type Task = (...args: unknown[]) => unknown;

/**
 * Stays synchronous while the function does, so that a chunk of quick items costs no promise at all.
 *
 * @param args the arguments of all calls, one call after the other, `arity` for each.
 */
export function runChunk(
  fn: Task,
  args: readonly unknown[],
  arity: number,
): ChunkOutcome | Promise<ChunkOutcome> {
  const count = args.length / arity;
  const errors: ChunkOutcome['errors'] = [];
  let values: unknown[] = [];
  let index = 0;
  // Each round goes on behind an item that threw: to enter and leave a `try` for each item is not free.
  for (;;) {
    try {
      for (; index < count; index += 1) {
        const value = callItem(fn, args, arity, index);
        if (isThenable(value)) {
          if (index === 0) values = packedArray(count, undefined);
          return finishLater(value, fn, args, arity, index, { values, errors });
        }
        // What the others return is most likely like what the first one did.
        if (index === 0) values = packedArray(count, value);
        values[index] = value;
      }
      return { values, errors };
    } catch (error) {
      if (index === 0) values = packedArray(count, undefined);
      values[index] = undefined;
      errors.push([index, error]);
      index += 1;
    }
  }
}

async function finishLater(
  first: PromiseLike<unknown>,
  fn: Task,
  args: readonly unknown[],
  arity: number,
  start: number,
  outcome: ChunkOutcome,
): Promise<ChunkOutcome> {
  const { values, errors } = outcome;
  let later: unknown = first;
  for (let index = start; index < values.length; index += 1) {
    try {
      if (index > start) later = callItem(fn, args, arity, index);
      values[index] = isThenable(later) ? await later : later;
    } catch (error) {
      values[index] = undefined;
      errors.push([index, error]);
    }
  }
  return outcome;
}

/** Cutting the arguments of each call out of the list would cost more than many a function takes. */
function callItem(fn: Task, args: readonly unknown[], arity: number, index: number): unknown {
  if (arity === 1) return fn(args[index]);
  const at = index * arity;
  if (arity === 2) return fn(args[at], args[at + 1]);
  if (arity === 3) return fn(args[at], args[at + 1], args[at + 2]);
  return fn(...args.slice(at, at + arity));
}
