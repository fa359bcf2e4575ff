/** `AutoExecutor`: finds out where each function belongs, and runs it there. */

import { availableParallelism } from 'node:os';
import type { ResourceLimits } from 'node:worker_threads';
import type { Engine } from '../../futures/engine.ts';
import { Executor, type Iterables } from '../../futures/executor.ts';
import { type MapResult, startMap } from '../../futures/map.ts';
import { checkMapOptions } from '../../futures/submit-options.ts';
import { checkCount, checkDuration, checkNames } from '../../options.ts';
import { AutoEngine } from './auto-engine.ts';
import { type AutoOptions, withoutHints } from './hints.ts';
import type { AutoStatistics } from './statistics.ts';

export interface AutoExecutorOptions {
  /**
   * Workers of each kind at most: threads that compute, threads that await, and processes, of which a program needs one or
   * two kinds. Default `os.availableParallelism()`.
   */
  readonly maxWorkers?: number | undefined;
  /** Calls that may await at the same time. Default 256. */
  readonly concurrency?: number | undefined;
  /** Milliseconds after which an idle worker ends. Default 10,000. */
  readonly idleTimeout?: number | undefined;
  /** Limits of each thread's heap and stack. See `node:worker_threads`. */
  readonly resourceLimits?: ResourceLimits | undefined;
}

/** Many enough to hide the latency of a network; few enough for the descriptors that a process may have. */
const CONCURRENCY = 256;

/** Workers of a kind that is no more needed should not stay for long. */
const IDLE_TIMEOUT_MS = 10_000;

/** What `AutoExecutor` is, and what its `with` gives. */
export abstract class PlacingExecutor extends Executor {
  readonly #engine: AutoEngine;
  readonly #options: AutoOptions;

  constructor(engine: AutoEngine, options: AutoOptions) {
    super(engine, options);
    this.#engine = engine;
    this.#options = options;
  }

  override map<A extends unknown[], R>(
    fn: (...args: A) => R,
    ...iterables: Iterables<A>
  ): MapResult<Awaited<R>> {
    const engine = new EngineOf(this.#engine, fn, this.#options);
    return startMap<Awaited<R>>(engine, fn, iterables as Iterable<unknown>[], this.#options);
  }

  /**
   * The same executor, with these options on top. Hints win over what is measured: `{ isolate: true }` for what may
   * crash, `{ backend }` for what has to be in one place.
   *
   * @throws TypeError or RangeError for a wrong option.
   * @example await auto.with({ isolate: true, retries: 1 }).submit(parse, upload);
   */
  override with(options: AutoOptions): PlacingExecutor {
    checkMapOptions(withoutHints(options));
    const all = { ...this.#options, ...options };
    withoutHints(all);
    return new Configured(this.#engine, all);
  }

  /** How things stand, and what was placed where and why, as an immutable snapshot. */
  override statistics(): AutoStatistics {
    return this.#engine.statistics();
  }
}

class Configured extends PlacingExecutor {}

/**
 * Runs each function where it belongs by what its calls have taken so far: trivial ones on the event loop, or in batches on
 * threads; those that wait on the event loop, many at once; those that compute on threads; those that do both on threads,
 * many at once; and those that took a worker along in processes. It moves them when they change, and says why:
 * `statistics().functions`.
 *
 * A function that is new runs on a thread first. On the event loop every call is measured, and the first that takes
 * too long is the last. Tasks behave the same wherever they run, with values copied as between threads; what
 * a module keeps in its variables is not the same in all places, so tasks should not rely on it.
 *
 * @throws RangeError or TypeError naming a wrong option.
 * @example
 * await using auto = new AutoExecutor();
 * const pages = await auto.map(download, urls);
 * const sizes = await auto.map(compress, pages);
 */
export class AutoExecutor extends PlacingExecutor {
  constructor(options: AutoExecutorOptions = {}) {
    checkNames(options, ['maxWorkers', 'concurrency', 'idleTimeout', 'resourceLimits'], 'AutoExecutor');
    checkCount('maxWorkers', options.maxWorkers, 1);
    checkCount('concurrency', options.concurrency, 1);
    checkDuration('idleTimeout', options.idleTimeout);
    const {
      maxWorkers = availableParallelism(),
      concurrency = CONCURRENCY,
      idleTimeout = IDLE_TIMEOUT_MS,
      resourceLimits,
    } = options;
    super(new AutoEngine({ maxWorkers, concurrency, idleTimeout, resourceLimits }), {});
  }
}

/** The engine as a map of one function sees it: how much makes sense at one time depends on the function. */
class EngineOf implements Pick<AutoEngine, keyof Engine> {
  readonly #engine: AutoEngine;
  readonly #fn: Function;
  readonly #options: AutoOptions;

  constructor(engine: AutoEngine, fn: Function, options: AutoOptions) {
    this.#engine = engine;
    this.#fn = fn;
    this.#options = options;
  }

  get slots(): number {
    return this.#engine.slotsFor(this.#fn, this.#options);
  }

  get lookAhead(): number {
    return 2 * this.slots;
  }

  run(...args: Parameters<Engine['run']>): ReturnType<Engine['run']> {
    return this.#engine.run(...args);
  }

  open(...args: Parameters<Engine['open']>): ReturnType<Engine['open']> {
    return this.#engine.open(...args);
  }

  shutdown(...args: Parameters<Engine['shutdown']>): ReturnType<Engine['shutdown']> {
    return this.#engine.shutdown(...args);
  }

  statistics(): AutoStatistics {
    return this.#engine.statistics();
  }
}
