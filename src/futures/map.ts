/**
 * `map`: one function over many items, in chunks, with bounded look-ahead.
 *
 *   input ──pull──▶ items ──chunk──▶ engine.run ──▶ results ──▶ consumer
 *
 * The input is pulled only as far as `#mayPull` allows, a chunk is sent as soon as it is full or a worker
 * would have nothing to do, and results wait in `map-results.ts` until they are taken. There are
 * two ways to take them, and the first one used decides: awaiting gathers all of them into an array;
 * iterating hands them out one by one and makes room for more.
 *
 * Nothing here is done once per item, except for those who take results one by one: items are pulled, and
 * results kept and gathered, a chunk at a time. How large a chunk is, is in `chunk-sizer.ts`.
 */

import { type Captured, captureContext } from '../context.ts';
import { BrokenExecutorError, ExecutorShutdownError } from '../errors.ts';
import { onAbort } from './abort-listeners.ts';
import { CHUNKS_PER_SLOT, ChunkSizer } from './chunk-sizer.ts';
import { type Batch, type Cursor, openCursor } from './cursor.ts';
import type { ChunkResult, Engine } from './engine.ts';
import { type Future, subscribe } from './future.ts';
import { type Arrived, arrived, type Failure, firstFailure, lost, MapResults } from './map-results.ts';
import type { MapOptions } from './submit-options.ts';
import { failureObserved, type Unobserved, watchFailure } from './unobserved.ts';
import { Waiters } from './waiters.ts';

/** What `Executor.map` returns: a promise of all results, and an async iterable of each. */
export interface MapResult<R> extends PromiseLike<R[]>, AsyncIterable<R> {
  /** Waits for all results. Rejects with the first error; what is pending is then cancelled. */
  then<A = R[], B = never>(
    onFulfilled?: ((values: R[]) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B>;
  catch<B = never>(onRejected?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<R[] | B>;
  finally(onFinally?: (() => void) | null): Promise<R[]>;
  /**
   * Each result as it is there. An item's error is thrown in its place, and `next()` goes on after it;
   * leaving a `for await` loop cancels what is pending.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<R>;
}

/** Errors that the next item would meet as well. */
function isEndOfExecutor(error: unknown): boolean {
  return error instanceof ExecutorShutdownError || error instanceof BrokenExecutorError;
}

export function startMap<R>(
  engine: Engine,
  fn: Function,
  iterables: ReadonlyArray<Iterable<unknown> | AsyncIterable<unknown>>,
  options: MapOptions,
): MapResult<R> {
  return new MapRun<R>(engine, fn, iterables, options);
}

class MapRun<R> implements MapResult<R>, AsyncIterableIterator<R> {
  readonly #engine: Engine;
  readonly #fn: Function;
  readonly #options: MapOptions;
  readonly #context: Captured | undefined = captureContext(true);
  readonly #cursor: Cursor;
  readonly #ordered: boolean;

  /** Pulled, not yet sent: the values of each tuple one after the other, as a chunk wants them. */
  #values: unknown[] = [];
  #pulled = 0;
  #sent = 0;
  #finished = 0;
  #taken = 0;
  #inputEnded = false;
  #pulling = false;
  readonly #inFlight = new Set<Future<unknown>>();
  readonly #sizer: ChunkSizer;

  readonly #results = new MapResults();
  #offSignal: (() => void) | undefined;
  #inputError: Failure | undefined;

  #mode: 'open' | 'gather' | 'iterate' = 'open';
  #all: Promise<R[]> | undefined;
  #settleAll: { resolve: (values: R[]) => void; reject: (error: unknown) => void } | undefined;
  #ended = false;
  readonly #steps = new Waiters();
  #unobserved: Unobserved | undefined;

  constructor(
    engine: Engine,
    fn: Function,
    iterables: ReadonlyArray<Iterable<unknown> | AsyncIterable<unknown>>,
    options: MapOptions,
  ) {
    this.#engine = engine;
    this.#fn = fn;
    this.#options = options;
    this.#ordered = options.ordered ?? true;
    this.#cursor = openCursor(iterables);
    this.#sizer = new ChunkSizer(options, engine, this.#cursor.arity);
    const { signal } = options;
    if (signal?.aborted) this.#abort();
    else if (signal !== undefined) this.#offSignal = onAbort(signal, () => this.#abort());
    this.#pump();
  }

  // ── awaiting ────────────────────────────────────────────────────────────────────────────────────────────

  then<A = R[], B = never>(
    onFulfilled?: ((values: R[]) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#gather().then(onFulfilled, onRejected);
  }

  catch<B = never>(onRejected?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<R[] | B> {
    return this.#gather().catch(onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<R[]> {
    return this.#gather().finally(onFinally);
  }

  #gather(): Promise<R[]> {
    if (this.#all !== undefined) return this.#all;
    this.#claim('gather');
    this.#all = new Promise<R[]>((resolve, reject) => {
      this.#settleAll = { resolve, reject };
    });
    const failure = this.#results.firstFailure;
    if (failure !== undefined) this.#rejectAll(failure.error);
    else this.#collect();
    this.#pump();
    return this.#all;
  }

  /** What has come counts as taken. */
  #collect(): void {
    this.#taken = this.#finished;
    this.#results.line();
  }

  #rejectAll(error: unknown): void {
    this.#settleAll?.reject(error);
    this.#stop();
  }

  #finishGathering(): void {
    if (this.#inputError !== undefined) return this.#rejectAll(this.#inputError.error);
    this.#stop();
    this.#settleAll?.resolve(this.#results.takeAll() as R[]);
  }

  // ── iterating ───────────────────────────────────────────────────────────────────────────────────────────

  [Symbol.asyncIterator](): AsyncIterableIterator<R> {
    this.#claim('iterate');
    return this;
  }

  next(): Promise<IteratorResult<R>> {
    // An async function would cost as much again as all the rest of a step whose result is there.
    return this.#mode === 'iterate' && this.#results.ready ? this.#step() : this.#nextStep();
  }

  async #nextStep(): Promise<IteratorResult<R>> {
    if (this.#mode !== 'iterate') this.#claim('iterate');
    for (;;) {
      if (this.#results.ready) return this.#step();
      if (this.#ended) return { done: true, value: undefined };
      if (this.#inputEnded && this.#taken === this.#pulled) {
        this.#stop();
        if (this.#inputError !== undefined) throw this.#inputError.error;
        return { done: true, value: undefined };
      }
      await this.#steps.wait();
    }
  }

  #step(): Promise<IteratorResult<R>> {
    this.#taken += 1;
    try {
      return Promise.resolve({ done: false, value: this.#results.take() as R });
    } catch (error) {
      return Promise.reject(error);
    } finally {
      // Only a limit that counts items makes room for single ones.
      if (this.#results.betweenChunks || this.#options.bufferSize !== undefined) this.#pump();
    }
  }

  async return(): Promise<IteratorResult<R>> {
    this.#stop();
    this.#results.clear();
    this.#steps.wake();
    return { done: true, value: undefined };
  }

  // ── both ────────────────────────────────────────────────────────────────────────────────────────────────

  #claim(mode: 'gather' | 'iterate'): void {
    if (this.#mode !== 'open' && this.#mode !== mode) {
      const [was, is] = mode === 'gather' ? ['iterated', 'awaited'] : ['awaited', 'iterated'];
      throw new TypeError(
        `A map result that is ${was} cannot be ${is} as well; call map() twice, or keep the array.`,
      );
    }
    this.#mode = mode;
    if (this.#unobserved === undefined) return;
    failureObserved(this.#unobserved);
    this.#unobserved = undefined;
  }

  /** Sends chunks, and pulls input for them, as far as the limits allow. Safe to call at any time. */
  #pump(): void {
    while (!this.#ended) {
      if (this.#mayPull() && !this.#pull()) break;
      if (!this.#send()) break;
    }
    if (this.#ended || !this.#inputEnded || this.#inFlight.size > 0 || this.#waiting > 0) return;
    if (this.#mode === 'gather') this.#finishGathering();
    this.#steps.wake();
  }

  #mayPull(): boolean {
    const wanted = this.#chunkSize() - this.#waiting;
    if (this.#inputEnded || this.#pulling || wanted <= 0) return false;
    // A limit that nobody asked for need not be used up to its last item; chunks would become ever smaller.
    return this.#room() >= (this.#options.bufferSize === undefined ? wanted : 1);
  }

  /** How many more items may be begun before the consumer takes one. */
  #room(): number {
    const { bufferSize } = this.#options;
    const ahead = this.#pulled - this.#taken;
    if (bufferSize !== undefined) return bufferSize - ahead;
    if (this.#cursor.length !== undefined || this.#mode === 'gather') return Infinity;
    return CHUNKS_PER_SLOT * this.#engine.slots * this.#chunkSize() - ahead;
  }

  /** Pulls until a chunk is full. False: the input is async, and calls `#pump` when it has come. */
  #pull(): boolean {
    const batch = this.#cursor.pull(Math.min(this.#chunkSize() - this.#waiting, this.#room()));
    if (!(batch instanceof Promise)) {
      this.#add(batch);
      return true;
    }
    this.#pulling = true;
    void batch.then((later) => {
      this.#pulling = false;
      // Aborted, or left by its consumer, while the input was on its way.
      if (this.#inputEnded || this.#ended) return;
      this.#add(later);
      this.#pump();
    });
    return this.#waiting > 0;
  }

  #add({ values, count, ended, failure }: Batch): void {
    if (this.#values.length === 0) this.#values = values;
    else for (const value of values) this.#values.push(value);
    this.#pulled += count;
    if (ended) this.#endInput(failure);
  }

  /** Tuples that are pulled and not yet sent. */
  get #waiting(): number {
    return this.#cursor.arity === 0 ? 0 : this.#values.length / this.#cursor.arity;
  }

  #endInput(failure?: Failure): void {
    this.#inputEnded = true;
    this.#inputError = failure;
  }

  #chunkSize(): number {
    const { length } = this.#cursor;
    return this.#sizer.next(length === undefined ? undefined : length - this.#sent);
  }

  /** Sends one chunk, if there is a full one, or a smaller one that a worker could begin with. */
  #send(): boolean {
    const { automatic } = this.#sizer;
    const atOnce = automatic ? 2 * this.#engine.slots : this.#engine.lookAhead;
    if (this.#waiting === 0 || this.#inFlight.size >= Math.min(atOnce, this.#engine.lookAhead)) return false;
    const size = this.#chunkSize();
    const hungry = automatic && this.#inFlight.size < this.#engine.slots;
    const starved = this.#room() <= 0 || this.#inputEnded || hungry;
    if (this.#waiting < size && !starved) return false;
    const count = Math.min(size, this.#waiting);
    const args = this.#takeValues(count);
    const first = this.#sent;
    this.#sent += count;
    const { timeout } = this.#options;
    // A limit is one item's; items in a chunk run one after the other.
    const options = timeout === undefined ? this.#options : { ...this.#options, timeout: timeout * count };
    const future = this.#engine.run({
      fn: this.#fn,
      args,
      arity: this.#cursor.arity,
      options,
      context: this.#context,
    });
    this.#inFlight.add(future);
    subscribe(future, () => this.#receive(future, first, count));
    return true;
  }

  #takeValues(count: number): unknown[] {
    const length = count * this.#cursor.arity;
    if (length < this.#values.length) return this.#values.splice(0, length);
    const all = this.#values;
    this.#values = [];
    return all;
  }

  #receive(future: Future<unknown>, first: number, count: number): void {
    // Settled already, so this is one microtask; it keeps reading a future's outcome in one place. The map
    // may be aborted in that microtask, which is why the future is taken off the list after it.
    const accept = (chunk: Arrived): void => {
      if (this.#inFlight.delete(future)) this.#accept(first, chunk);
    };
    future.then(
      (outcome) => {
        const result = outcome as ChunkResult;
        this.#sizer.note(count, result.ms);
        accept(arrived(count, result));
      },
      (error: unknown) => accept(lost(count, { error })),
    );
  }

  #accept(first: number, chunk: Arrived): void {
    const { count, failure } = chunk;
    if (failure !== undefined && isEndOfExecutor(failure.error)) return this.#cut(first, count, failure);
    this.#results.put(this.#ordered ? first : this.#finished, chunk);
    this.#finished += count;
    const failed = firstFailure(chunk);
    if (this.#mode !== 'gather') {
      if (failed !== undefined && this.#mode === 'open') {
        this.#unobserved ??= watchFailure(this, 'An item of a map', failed.error);
      }
    } else if (failed === undefined) this.#collect();
    else this.#rejectAll(failed.error);
    this.#report();
    this.#steps.wake();
    this.#pump();
  }

  /**
   * The executor runs nothing any more: the map ends where this chunk would have been, with the reason, once.
   * What came before it is still handed out.
   */
  #cut(first: number, count: number, failure: Failure): void {
    this.#pulled = this.#ordered ? Math.min(this.#pulled, first) : this.#pulled - count - this.#waiting;
    this.#values = [];
    this.#endInput(failure);
    this.#cursor.close();
    this.#steps.wake();
    this.#pump();
  }

  #report(): void {
    const { onProgress } = this.#options;
    if (onProgress === undefined) return;
    const total = this.#inputEnded ? this.#pulled : this.#cursor.length;
    const done = this.#finished;
    try {
      onProgress(total === undefined ? { done } : { done, total });
    } catch (error) {
      process.emitWarning(`onProgress of a map threw: ${String(error)}`, { code: 'MANYHANDS_CALLBACK' });
    }
  }

  /** The tasks abort by the same signal; this ends the map itself, with the reason, once. */
  #abort(): void {
    this.#endInput({ error: this.#options.signal?.reason });
    if (this.#mode === 'gather') this.#rejectAll(this.#options.signal?.reason);
    this.#results.clear();
    this.#values = [];
    this.#pulled = this.#taken;
    this.#cursor.close();
    this.#forsake();
    this.#steps.wake();
  }

  /** No more input, no more tasks; what no worker has begun is cancelled. */
  #stop(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#values = [];
    this.#offSignal?.();
    this.#cursor.close();
    this.#forsake();
  }

  #forsake(): void {
    for (const future of this.#inFlight) {
      future.cancel();
      // Whatever it still becomes, nobody is left to be told.
      future.catch(() => undefined);
    }
    this.#inFlight.clear();
  }
}
