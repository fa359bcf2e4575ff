/** One `AutoExecutor` for all of a program, made by the first who needs it. */

import type { Executor, Iterables } from '../../futures/executor.ts';
import type { Future } from '../../futures/future.ts';
import type { MapResult } from '../../futures/map.ts';
import { AutoExecutor } from './auto-executor.ts';

let instance: AutoExecutor | undefined;

/** It need not be shut down: idle workers do not keep a program alive. */
function shared(): Executor {
  instance ??= new AutoExecutor();
  return instance;
}

/**
 * Calls `fn(...args)` where it belongs, see `AutoExecutor`, and gives the future of its result.
 *
 * @example const thumbnail = await run(resize, picture, 200);
 */
export function run<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>> {
  return shared().submit(fn, ...args);
}

/**
 * Calls `fn` with one item of each iterable at a time, where it belongs; see `Executor.map`.
 *
 * @example const pages = await map(download, urls);
 */
export function map<A extends unknown[], R>(
  fn: (...args: A) => R,
  ...iterables: Iterables<A>
): MapResult<Awaited<R>> {
  return shared().map(fn, ...iterables);
}
