/**
 * Pools under the names that Python's have: a face of an executor, which does all the work.
 *
 *               close()                 terminate()
 *   running ─────────────▶ closed ─────────────────▶ terminated
 *      │                                                 ▲
 *      └────────────────── terminate() ──────────────────┘
 *
 * What is added here is when the executor is shut down. An executor takes no more chunks of a map from then on; a pool
 * that was closed finishes the maps that it has begun. So it counts them.
 */

import { BrokenExecutorError, ExecutorShutdownError, InvalidStateError } from '../../errors.ts';
import type { ExecutorStatistics } from '../../futures/engine.ts';
import type { Executor } from '../../futures/executor.ts';
import { Future } from '../../futures/future.ts';
import type { MapResult } from '../../futures/map.ts';
import { Waiters } from '../../futures/waiters.ts';
import { waitWithin } from '../../futures/waiting.ts';
import { checkNames, type WaitOptions } from '../../options.ts';
import { hold, letGo } from '../../pool/keep-alive.ts';
import { stayHere } from '../stays-here.ts';
import { type AsyncCallbacks, AsyncResult } from './async-result.ts';
import { IMapIterator } from './imap-iterator.ts';
import { type Input, readRows, spread } from './rows.ts';

export interface ChunkOptions {
  /** Items that a worker is given at a time. Default: by measured time; for `imap` and `imapUnordered` 1. */
  readonly chunkSize?: number | undefined;
}

/** What a pool needs of its executor beside `Executor`. */
type PoolExecutor = Executor & { terminateWorkers(): Promise<void> };

export abstract class BasePool implements AsyncDisposable {
  readonly #executor: PoolExecutor;
  #state: 'running' | 'closed' | 'terminated' = 'running';
  /** Maps that have begun and may still have chunks to send. */
  #maps = 0;
  readonly #mapEnded = new Waiters();
  #ending: Promise<void> | undefined;

  constructor(executor: PoolExecutor) {
    this.#executor = executor;
    stayHere(this);
  }

  get state(): 'running' | 'closed' | 'terminated' {
    return this.#state;
  }

  /** How things stand, as an immutable snapshot. */
  statistics(): ExecutorStatistics {
    return this.#executor.statistics();
  }

  /** Calls `fn(...args)` on a worker. Rejects with what it throws; with `WorkerDiedError` if its worker dies. */
  apply<A extends unknown[], R>(fn: (...args: A) => R, args?: NoInfer<A>): Promise<Awaited<R>> {
    return settle(() => this.applyAsync(fn, args));
  }

  /** The same, with a result that can be asked for later. @throws InvalidStateError once closed. */
  applyAsync<A extends unknown[], R>(
    fn: (...args: A) => R,
    args: NoInfer<A> = [] as unknown as A,
    callbacks?: AsyncCallbacks<Awaited<R>>,
  ): AsyncResult<Awaited<R>> {
    this.#checkRunning('applyAsync');
    return new AsyncResult(this.#executor.submit(fn, ...(args as A)), callbacks);
  }

  /**
   * Calls `fn` with each item, and gives the results in the order of the input.
   *
   * Rejects with the first error, but not before all items are done.
   */
  map<T, R>(fn: (item: T) => R, iterable: Input<T>, options?: ChunkOptions): Promise<Awaited<R>[]> {
    return settle(() => this.mapAsync(fn, iterable, options));
  }

  /** The same, with a result that can be asked for later. @throws InvalidStateError once closed. */
  mapAsync<T, R>(
    fn: (item: T) => R,
    iterable: Input<T>,
    options: ChunkOptions & AsyncCallbacks<Awaited<R>[]> = {},
  ): AsyncResult<Awaited<R>[]> {
    this.#checkRunning('mapAsync');
    const { chunkSize, ...callbacks } = checkedOptions(options, 'mapAsync');
    return new AsyncResult(this.#all(this.#chunked(chunkSize).map(fn, iterable)), callbacks);
  }

  /** As `map`, where each item is a list of arguments. */
  starmap<A extends unknown[], R>(
    fn: (...args: A) => R,
    iterable: Input<NoInfer<A>>,
    options?: ChunkOptions,
  ): Promise<Awaited<R>[]> {
    return settle(() => this.starmapAsync(fn, iterable, options));
  }

  /** As `mapAsync`, where each item is a list of arguments. All items are read before the first is sent. */
  starmapAsync<A extends unknown[], R>(
    fn: (...args: A) => R,
    iterable: Input<NoInfer<A>>,
    options: ChunkOptions & AsyncCallbacks<Awaited<R>[]> = {},
  ): AsyncResult<Awaited<R>[]> {
    this.#checkRunning('starmapAsync');
    const { chunkSize, ...callbacks } = checkedOptions(options, 'starmapAsync');
    const executor = this.#chunked(chunkSize);
    const rows = readRows(iterable as Input<A>);
    const results = Array.isArray(rows)
      ? spread(executor, fn, rows)
      : rows.then((read) => spread(executor, fn, read));
    return new AsyncResult(this.#all(results), callbacks);
  }

  /**
   * Calls `fn` with each item, for results that are taken one by one, in order.
   *
   * An item's error is thrown in its place, and the next step goes on after it. Input of unknown length (generators) is
   * read a few chunks ahead of what is taken, so that it may be endless; `close()` and `join()` wait for whoever takes
   * it then.
   * @throws InvalidStateError once closed.
   */
  imap<T, R>(fn: (item: T) => R, iterable: Input<T>, options?: ChunkOptions): IMapIterator<Awaited<R>> {
    return this.#iterate('imap', fn, iterable, true, options);
  }

  /** The same, with results in the order in which they come. */
  imapUnordered<T, R>(
    fn: (item: T) => R,
    iterable: Input<T>,
    options?: ChunkOptions,
  ): IMapIterator<Awaited<R>> {
    return this.#iterate('imapUnordered', fn, iterable, false, options);
  }

  /** Takes no more work; what was given to it is done, and then the workers end. */
  close(): void {
    if (this.#state !== 'running') return;
    this.#state = 'closed';
    this.#ending = this.#finish();
  }

  /**
   * Ends the workers at once. What no worker had begun rejects with `CancelledError`, what was running with
   * `WorkerDiedError`.
   */
  terminate(): void {
    if (this.#state === 'terminated') return;
    this.#state = 'terminated';
    this.#ending = this.#executor.terminateWorkers();
    // Who waits for a map that nobody takes results of need not wait for it any longer.
    this.#mapEnded.wake();
  }

  /**
   * Waits until all workers have ended.
   *
   * @throws InvalidStateError before `close()` or `terminate()`; TimeoutError; `signal.reason`.
   */
  async join(options: WaitOptions = {}): Promise<void> {
    if (this.#ending === undefined)
      throw new InvalidStateError('join() needs close() or terminate() before it');
    hold();
    try {
      await waitWithin<void>(
        options,
        () => 'The workers of the pool did not end',
        (resolve) => {
          let waiting = true;
          void this.#whenEnded().then(() => waiting && resolve());
          return () => {
            waiting = false;
          };
        },
      );
    } finally {
      letGo();
    }
  }

  /**
   * `terminate()`, and waits for it. As in Python this is not `close()`: what has not been waited for inside of the block
   * is lost.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.terminate();
    await this.join();
  }

  /** A pool that is closed may be terminated while somebody waits for it. */
  async #whenEnded(): Promise<void> {
    let seen: Promise<void> | undefined;
    while (seen !== this.#ending) {
      seen = this.#ending;
      await seen;
    }
  }

  async #finish(): Promise<void> {
    while (this.#maps > 0 && this.#state === 'closed') await this.#mapEnded.wait();
    await this.#executor.shutdown();
  }

  #checkRunning(call: string): void {
    if (this.#state === 'running') return;
    throw new InvalidStateError(`${call}() is not allowed: the pool is ${this.#state}.`);
  }

  #chunked(chunkSize: number | undefined): Executor {
    return chunkSize === undefined ? this.#executor : this.#executor.with({ chunkSize });
  }

  /** Counts a map; returns what ends it. */
  #begin(): () => void {
    let ended = false;
    this.#maps += 1;
    return () => {
      if (ended) return;
      ended = true;
      this.#maps -= 1;
      this.#mapEnded.wake();
    };
  }

  /** All results, or the first error once there is nothing left to do. */
  #all<R>(results: AsyncIterable<R> | Promise<AsyncIterable<R>>): Future<R[]> {
    const future = new Future<R[]>();
    const end = this.#begin();
    void collect(results).then(({ values, failure }) => {
      end();
      if (failure === undefined) future.setResult(values);
      else future.setException(failure.error);
    });
    return future;
  }

  #iterate<T, R>(
    call: string,
    fn: (item: T) => R,
    iterable: Input<T>,
    ordered: boolean,
    options: ChunkOptions = {},
  ): IMapIterator<Awaited<R>> {
    this.#checkRunning(call);
    checkNames(options, ['chunkSize'], call);
    const { chunkSize = 1 } = options;
    let begun = false;
    const onProgress = ({ done, total }: { done: number; total?: number }): void => {
      begun = true;
      if (done === total) end();
    };
    const results: MapResult<Awaited<R>> = this.#executor
      .with({ chunkSize, ordered, onProgress })
      .map(fn, iterable as Input<never>);
    const end = this.#begin();
    return new IMapIterator(results[Symbol.asyncIterator](), (outcome) => {
      // What fails before any item came back is the input.
      if ('error' in outcome ? !begun || isEndOfExecutor(outcome.error) : outcome.value.done) end();
    });
  }
}

function checkedOptions<O extends object>(options: O, call: string): O {
  checkNames(options, ['chunkSize', 'callback', 'errorCallback'], call);
  return options;
}

function isEndOfExecutor(error: unknown): boolean {
  return error instanceof ExecutorShutdownError || error instanceof BrokenExecutorError;
}

/** In a promise also where `start` throws. */
async function settle<T>(start: () => AsyncResult<T>): Promise<T> {
  return start();
}

async function collect<R>(
  results: AsyncIterable<R> | Promise<AsyncIterable<R>>,
): Promise<{ values: R[]; failure: { error: unknown } | undefined }> {
  const values: R[] = [];
  let failure: { error: unknown } | undefined;
  let iterator: AsyncIterator<R> | undefined;
  for (;;) {
    try {
      // A map result is a thenable too, and must not be awaited by mistake.
      iterator ??= (results instanceof Promise ? await results : results)[Symbol.asyncIterator]();
      const { done, value } = await iterator.next();
      if (done) return { values, failure };
      values.push(value);
    } catch (error) {
      failure ??= { error };
      if (iterator === undefined) return { values, failure };
    }
  }
}
