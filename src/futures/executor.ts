/**
 * The public face of every executor, and what a backend must bring to wear it.
 *
 *   user ──▶ Executor (submit, map, stream, with) ──▶ Engine (run, open, shutdown, statistics)
 *
 * `Executor` knows options, and how `map` and `stream` are made of tasks. An `Engine` knows how to run a task
 * somewhere. `with` makes a second face for the same engine, so options never travel with the arguments and can
 * not be mistaken for them.
 */

import type { Transferable } from 'node:worker_threads';
import {
  checkArray,
  checkBoolean,
  checkCount,
  checkDuration,
  checkFunction,
  checkNames,
  checkNumber,
  checkSignal,
  checkString,
} from '../options.ts';
import type { Future } from './future.ts';
import { type MapResult, startMap } from './map.ts';
import { openStream } from './stream.ts';

/** How one task, or each task of a map, is to be run. */
export interface SubmitOptions {
  /** Aborts this work: pending, it leaves the queue; running, its `currentTask().signal` fires. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that the task may run, counted from its start on a worker. */
  readonly timeout?: number | undefined;
  /** Milliseconds that the task may wait for a worker. */
  readonly queueTimeout?: number | undefined;
  /** Milliseconds between asking a running task to stop and stopping its worker. Default 500. */
  readonly grace?: number | undefined;
  /** Higher runs first; first in, first out within one. Default 0. */
  readonly priority?: number | undefined;
  /** How often to run the task again when its worker died; never when it threw. Default 0. */
  readonly retries?: number | undefined;
  /** Moved to the worker instead of copied. */
  readonly transfer?: readonly Transferable[] | undefined;
  /** Called with what the task says by `currentTask().report(value)`. */
  readonly onReport?: ((value: unknown) => void) | undefined;
  /** What the task is called in errors and statistics. Default: the function's name. */
  readonly name?: string | undefined;
}

export interface MapOptions extends SubmitOptions {
  /** Items per task. Default 'auto': sized from measured task time. */
  readonly chunkSize?: number | 'auto' | undefined;
  /**
   * Most results in flight: begun, and not yet taken by the consumer. Default: bounded by a few chunks per worker
   * for input whose length is not known (generators, async input), unbounded for arrays and the like. For
   * `stream`: how many values the task may be ahead of the consumer, default 16.
   */
  readonly bufferSize?: number | undefined;
  /** Results in the order of the input (default), or as they come. */
  readonly ordered?: boolean | undefined;
  /** Called after every item; `total` is absent while it is not known. */
  readonly onProgress?: ((progress: { done: number; total?: number }) => void) | undefined;
}

/** One iterable per parameter of the function, sync or async. */
export type Iterables<A extends readonly unknown[]> = {
  [K in keyof A]: Iterable<A[K]> | AsyncIterable<Awaited<A[K]>>;
};

export interface ShutdownOptions {
  /** Resolve only when all work is done and all workers have ended (default), or at once. */
  readonly wait?: boolean | undefined;
  /** Cancel what no worker has begun. Default false: pending work is done first. */
  readonly cancelFutures?: boolean | undefined;
}

export interface WorkerStatistics {
  readonly name: string;
  /** Thread id or process id; absent on the event loop. */
  readonly id: number | undefined;
  readonly state: 'starting' | 'idle' | 'busy' | 'stopping';
  /** Tasks in its hands, running ones and those lined up behind them. */
  readonly inFlight: number;
  /** Tasks that it has been given so far. */
  readonly tasks: number;
}

/** An immutable snapshot. Counts are since the executor was made. */
export interface ExecutorStatistics {
  readonly backend: 'event-loop' | 'thread' | 'process' | 'cluster';
  readonly state: 'open' | 'closing' | 'closed' | 'broken';
  readonly maxWorkers: number;
  readonly concurrency: number;
  readonly workers: readonly WorkerStatistics[];
  readonly channel: { readonly kind: 'plain' | 'shared' | 'none'; readonly reason?: string };
  readonly tasks: {
    readonly submitted: number;
    readonly pending: number;
    readonly running: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly cancelled: number;
    readonly retried: number;
  };
  readonly workersStarted: number;
  readonly workersDied: number;
}

/** One thing to run. */
export interface TaskRequest {
  readonly fn: Function;
  readonly args: readonly unknown[];
  /**
   * Present for a chunk: one task that calls the function many times, with so many arguments each. `args` holds
   * them one call after the other, since a flat list of numbers is cheaper to send than a list of tuples.
   */
  readonly arity?: number;
  readonly options: SubmitOptions;
}

/** What a chunk's future resolves to. The value of an item that threw is `undefined` in `values`. */
export interface ChunkResult {
  readonly values: unknown[];
  readonly errors: ReadonlyMap<number, unknown>;
  /** Milliseconds the worker spent on it. */
  readonly ms: number;
}

/** The consumer's end of a generator task. */
export interface StreamSource {
  /** Lets the task run: nothing is produced before. The future settles when the generator has ended. */
  start(): Future<unknown>;
  /** Allows `credits` more values. */
  grant(credits: number): void;
  /** Ends the generator as `return()` does. */
  close(): void;
}

/** What runs tasks. Every method but `shutdown` is synchronous; failures travel in the futures. */
export interface Engine {
  /** Tasks that can run at one time. */
  readonly slots: number;
  /** Tasks that `map` should have on their way at most; more would only wait, or overflow `maxQueue`. */
  readonly lookAhead: number;
  run(request: TaskRequest): Future<unknown>;
  open(request: TaskRequest, window: number, onItem: (value: unknown) => void): StreamSource;
  shutdown(options: Required<{ [K in keyof ShutdownOptions]: boolean }>): Promise<void>;
  statistics(): ExecutorStatistics;
}

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
   * The arguments are read before this returns; what the caller changes in them later is not seen by the task.
   * Never throws: whatever is wrong, the future says so.
   *
   * @example const sum = await pool.submit((a: number, b: number) => a + b, 1, 2);
   */
  submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>> {
    return this.#engine.run({ fn, args, options: this.#options }) as Future<Awaited<R>>;
  }

  /**
   * Calls `fn` with one item of each iterable at a time, until the shortest ends.
   *
   * The result is awaitable, for an array, and async iterable, for a stream of results. Items are grouped into
   * chunks by measured time, see `MapOptions`, which are given by `with`.
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

  /** `shutdown()`, waiting, also when the block threw. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }
}

/** What `with` returns. */
class ConfiguredExecutor extends Executor {}

const MAP_OPTIONS = [
  'signal',
  'timeout',
  'queueTimeout',
  'grace',
  'priority',
  'retries',
  'transfer',
  'onReport',
  'name',
  'chunkSize',
  'bufferSize',
  'ordered',
  'onProgress',
] as const satisfies ReadonlyArray<keyof MapOptions>;

function checkMapOptions(options: MapOptions): void {
  checkNames(options, MAP_OPTIONS, 'with');
  checkSignal('signal', options.signal);
  checkDuration('timeout', options.timeout);
  checkDuration('queueTimeout', options.queueTimeout);
  checkDuration('grace', options.grace);
  checkNumber('priority', options.priority);
  checkCount('retries', options.retries, 0, true);
  checkArray('transfer', options.transfer);
  checkFunction('onReport', options.onReport);
  checkString('name', options.name);
  if (options.chunkSize !== 'auto') checkCount('chunkSize', options.chunkSize, 1);
  checkCount('bufferSize', options.bufferSize, 1);
  checkBoolean('ordered', options.ordered);
  checkFunction('onProgress', options.onProgress);
}
