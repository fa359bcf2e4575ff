/**
 * A chunk of a map: the function once per item, one after the other; an item that throws costs itself only.
 */

import { isThenable } from '../futures/thenable.ts';

/** What `worker-runtime.ts` answers a chunk with; `values` has `undefined` where `errors` has the index. */
export interface ChunkOutcome {
  readonly values: unknown[];
  readonly errors: Array<[index: number, error: unknown]>;
}

/**
 * Stays synchronous while the function does, so that a chunk of quick items costs no promise at all.
 *
 * @param args the arguments of all calls, one call after the other, `arity` for each.
 */
export function runChunk(
  fn: (...args: unknown[]) => unknown,
  args: readonly unknown[],
  arity: number,
): ChunkOutcome | Promise<ChunkOutcome> {
  const count = args.length / arity;
  const outcome: ChunkOutcome = { values: [], errors: [] };
  for (let index = 0; index < count; index += 1) {
    const first = callItem(fn, args, arity, index, outcome);
    if (first !== undefined) return finishLater(first, fn, args, arity, index, outcome);
  }
  return outcome;
}

async function finishLater(
  first: PromiseLike<unknown>,
  fn: (...args: unknown[]) => unknown,
  args: readonly unknown[],
  arity: number,
  index: number,
  outcome: ChunkOutcome,
): Promise<ChunkOutcome> {
  await settle(first, index, outcome);
  for (let next = index + 1; next < args.length / arity; next += 1) {
    const later = callItem(fn, args, arity, next, outcome);
    if (later !== undefined) await settle(later, next, outcome);
  }
  return outcome;
}

/** Calls for one item; returns what there is to wait for, if anything. */
function callItem(
  fn: (...args: unknown[]) => unknown,
  args: readonly unknown[],
  arity: number,
  index: number,
  { values, errors }: ChunkOutcome,
): PromiseLike<unknown> | undefined {
  try {
    const value = arity === 1 ? fn(args[index]) : fn(...args.slice(index * arity, (index + 1) * arity));
    if (isThenable(value)) return value;
    values[index] = value;
  } catch (error) {
    values[index] = undefined;
    errors.push([index, error]);
  }
  return undefined;
}

async function settle(
  later: PromiseLike<unknown>,
  index: number,
  { values, errors }: ChunkOutcome,
): Promise<void> {
  try {
    values[index] = await later;
  } catch (error) {
    values[index] = undefined;
    errors.push([index, error]);
  }
}
