/**
 * The public face of every executor, and what a backend must bring to wear it.
 *
 *   user ──▶ Executor (submit, map, stream, with) ──▶ Engine (run, open, shutdown, statistics)
 *
 * `Executor` knows options, and how `map` and `stream` are made of tasks. An `Engine` knows how to run a task
 * somewhere. `with` makes a second face for the same engine, so options never travel with the arguments and
 * can not be mistaken for them.
 */

import { checkBoolean, checkNames } from '../options.ts';
import type { Dashboard, DashboardOptions } from './dashboard.ts';
import type { Engine, ExecutorStatistics, ShutdownOptions } from './engine.ts';
import type { Future } from './future.ts';
import { type MapResult, startMap } from './map.ts';
import { openStream } from './stream.ts';
import { checkMapOptions, type MapOptions } from './submit-options.ts';

/** One iterable per parameter of the function, sync or async. */
export type Iterables<A extends readonly unknown[]> = {
  [K in keyof A]: Iterable<A[K]> | AsyncIterable<Awaited<A[K]>>;
};

/**
 * Runs functions somewhere else, and gives futures for their results.
 *
 * @see CPython `concurrent.futures.Executor`.
 */
export abstract class Executor implements AsyncDisposable {
  readonly #engine: Engine;
  readonly #options: MapOptions;

  constructor(engine: Engine, options: MapOptions = {}) {
    this.#engine = engine;
    this.#options = options;
  }

  /**
   * Calls `fn(...args)` on a worker.
   *
   * The arguments are read before this returns; what the caller changes in them later is not seen by the
   * task. Whatever is wrong, the future says so. Only the top level of a module that a worker is loading is
   * told by a throw: what it starts would load the module again, and so on.
   *
   * @example const sum = await pool.submit((a: number, b: number) => a + b, 1, 2);
   */
  submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>> {
    return this.#engine.run({ fn, args, options: this.#options }) as Future<Awaited<R>>;
  }

  /**
   * Calls `fn` with one item of each iterable at a time, until the shortest ends.
   *
   * The result is awaitable, for an array, and async iterable, for a stream of results. Items are grouped
   * into chunks by measured time, see `MapOptions`, which are given by `with`.
   *
   * @example const squares = await pool.map((x: number) => x * x, [1, 2, 3]);
   * @example for await (const page of pool.with({ ordered: false }).map(download, urls)) show(page);
   */
  map<A extends unknown[], R>(fn: (...args: A) => R, ...iterables: Iterables<A>): MapResult<Awaited<R>> {
    return startMap<Awaited<R>>(this.#engine, fn, iterables as Iterable<unknown>[], this.#options);
  }

  /**
   * Runs a generator function on a worker and iterates what it yields.
   *
   * The task starts with the first step, and is never more than `bufferSize` values ahead: a consumer that
   * stops pulling stops the producer. Leaving the loop ends the generator, its `finally` blocks included.
   */
  stream<A extends unknown[], Y>(
    fn: (...args: A) => Iterable<Y> | AsyncIterable<Y>,
    ...args: A
  ): AsyncIterableIterator<Y> {
    return openStream<Y>(this.#engine, { fn, args, options: this.#options }, this.#options);
  }

  /**
   * The same pool, with these options on top of those that this executor has.
   *
   * @throws TypeError or RangeError for a wrong option.
   * @example await pool.with({ timeout: 1000, retries: 2 }).submit(render, page);
   */
  with(options: MapOptions): Executor {
    checkMapOptions(options);
    return new ConfiguredExecutor(this.#engine, { ...this.#options, ...options });
  }

  /**
   * Takes no more work, lets what was submitted finish, and ends the workers. May be called more than once.
   */
  async shutdown(options: ShutdownOptions = {}): Promise<void> {
    checkNames(options, ['wait', 'cancelFutures'], 'shutdown');
    checkBoolean('wait', options.wait);
    checkBoolean('cancelFutures', options.cancelFutures);
    const { wait = true, cancelFutures = false } = options;
    await this.#engine.shutdown({ wait, cancelFutures });
  }

  /** How things stand, as an immutable snapshot. */
  statistics(): ExecutorStatistics {
    return this.#engine.statistics();
  }

  /**
   * Opens a page that shows what the executors of this thread do, this one among them; the same as `dashboard` of
   * `manyhands/observe`. It stays open until it is closed, or the program ends.
   *
   * @example console.log((await pool.dashboard({ port: 8080 })).url);
   */
  async dashboard(options?: DashboardOptions): Promise<Dashboard> {
    // Programs that have none load nothing of it.
    const { dashboard } = await import('../observe/dashboard/dashboard.ts');
    return dashboard(options);
  }

  /** `shutdown()`, waiting, also when the block threw. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }
}

/** What `with` returns. */
class ConfiguredExecutor extends Executor {}
