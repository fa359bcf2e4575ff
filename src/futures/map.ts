/**
 * `map`: one function over many items, in chunks, with bounded look-ahead.
 *
 *   input ──pull──▶ items ──chunk──▶ engine.run ──▶ slots (by position) ──▶ consumer
 *
 * The input is pulled only as far as `#mayPull` allows, a chunk is sent as soon as it is full or a worker
 * would have nothing to do, and results wait in the position of their item until they are taken. There are
 * two ways to take them, and the first one used decides: awaiting gathers all of them into an array;
 * iterating hands them out one by one and makes room for more.
 *
 * Chunk size: a task costs a hand-over, tens of microseconds, so quick items must travel together; but a
 * chunk is also the unit of scheduling, so slow items must travel alone. Sizes start at one and follow the
 * time per item that the workers report.
 */

import { BrokenExecutorError, ExecutorShutdownError } from '../errors.ts';
import { onAbort } from './abort-listeners.ts';
import { type Cursor, openCursor } from './cursor.ts';
import type { ChunkResult, Engine } from './engine.ts';
import { type Future, subscribe } from './future.ts';
import type { MapOptions } from './submit-options.ts';
import { failureObserved, type Unobserved, watchFailure } from './unobserved.ts';
import { Waiters } from './waiters.ts';

/**
 * What a chunk should take. Longer ones leave workers idle at the end and cancel late; shorter ones spend
 * more on hand-over: at 8 ms that is below one per cent even between processes.
 */
const TARGET_CHUNK_MS = 8;
/** A chunk never grows faster than this, since the first items of a map tell little about the others. */
const GROWTH = 8;
/** Bounds what a chunk of trivial items holds in memory, and for how long encoding it blocks the caller. */
const LARGEST_CHUNK = 16_384;
/** Chunks per worker left at the end, so that an uneven last one does not keep the others waiting long. */
const CHUNKS_PER_SLOT = 4;

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

type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown };

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
  #chunk = 1;

  /**
   * Results that nobody has taken yet, by their place in the output: the item's when ordered, else by
   * arrival.
   */
  #outcomes = new Map<number, Outcome>();
  #arrived = 0;
  #offSignal: (() => void) | undefined;
  #inputError: { readonly error: unknown } | undefined;

  #mode: 'open' | 'gather' | 'iterate' = 'open';
  #all: Promise<R[]> | undefined;
  #gathered: unknown[] = [];
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
    const before = [...this.#outcomes];
    this.#outcomes.clear();
    for (const [place, outcome] of before) this.#keep(place, outcome);
    this.#pump();
    return this.#all;
  }

  #keep(place: number, outcome: Outcome): void {
    this.#taken += 1;
    if (outcome.ok) this.#gathered[place] = outcome.value;
    else this.#rejectAll(outcome.error);
  }

  #rejectAll(error: unknown): void {
    this.#settleAll?.reject(error);
    this.#stop();
  }

  #finishGathering(): void {
    if (this.#inputError !== undefined) return this.#rejectAll(this.#inputError.error);
    this.#stop();
    this.#settleAll?.resolve(this.#gathered as R[]);
  }

  // ── iterating ───────────────────────────────────────────────────────────────────────────────────────────

  [Symbol.asyncIterator](): AsyncIterableIterator<R> {
    this.#claim('iterate');
    return this;
  }

  async next(): Promise<IteratorResult<R>> {
    if (this.#mode !== 'iterate') this.#claim('iterate');
    for (;;) {
      const outcome = this.#outcomes.get(this.#taken);
      if (outcome !== undefined) {
        this.#outcomes.delete(this.#taken);
        this.#taken += 1;
        this.#pump();
        if (outcome.ok) return { done: false, value: outcome.value as R };
        throw outcome.error;
      }
      if (this.#ended) return { done: true, value: undefined };
      if (this.#inputEnded && this.#taken === this.#pulled) {
        this.#stop();
        if (this.#inputError !== undefined) throw this.#inputError.error;
        return { done: true, value: undefined };
      }
      await this.#steps.wait();
    }
  }

  async return(): Promise<IteratorResult<R>> {
    this.#stop();
    this.#outcomes.clear();
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
    return !this.#inputEnded && !this.#pulling && this.#waiting < this.#chunkSize() && this.#room() > 0;
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
    const wanted = Math.min(this.#chunkSize() - this.#waiting, this.#room());
    let pulled: number | Promise<number>;
    const before = this.#waiting;
    // What comes later is added when it has come: by then `#values` may be another array, this one being on
    // its way.
    const into = this.#cursor.isAsync ? [] : this.#values;
    try {
      pulled = this.#cursor.pull(into, wanted);
    } catch (error) {
      // What came before the error is there; a tuple that was cut short by it is not.
      this.#values.length -= this.#values.length % this.#cursor.arity;
      this.#pulled += this.#waiting - before;
      this.#endInput({ error });
      return true;
    }
    if (typeof pulled === 'number') {
      this.#pulled += pulled;
      if (pulled < wanted) this.#endInput();
      return true;
    }
    this.#pulling = true;
    pulled.then(
      (count) => this.#pulledLater(count, into),
      (error: unknown) => this.#pulledLater(0, [], { error }),
    );
    return this.#waiting > 0;
  }

  #pulledLater(count: number, values: readonly unknown[], failure?: { readonly error: unknown }): void {
    this.#pulling = false;
    // Aborted, or left by its consumer, while the input was on its way.
    if (this.#inputEnded || this.#ended) return;
    this.#values.push(...values);
    this.#pulled += count;
    if (count === 0) this.#endInput(failure);
    this.#pump();
  }

  /** Tuples that are pulled and not yet sent. */
  get #waiting(): number {
    return this.#cursor.arity === 0 ? 0 : this.#values.length / this.#cursor.arity;
  }

  #endInput(failure?: { readonly error: unknown }): void {
    this.#inputEnded = true;
    this.#inputError = failure;
  }

  #chunkSize(): number {
    const { chunkSize = 'auto', bufferSize = Infinity } = this.#options;
    if (chunkSize !== 'auto') return Math.min(chunkSize, bufferSize);
    const { length } = this.#cursor;
    const share =
      length === undefined ? Infinity : (length - this.#sent) / (CHUNKS_PER_SLOT * this.#engine.slots);
    return Math.max(1, Math.min(this.#chunk, Math.ceil(share), bufferSize));
  }

  /** Sends one chunk, if there is a full one, or a smaller one that a worker could begin with. */
  #send(): boolean {
    const automatic = (this.#options.chunkSize ?? 'auto') === 'auto';
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
    const future = this.#engine.run({ fn: this.#fn, args, arity: this.#cursor.arity, options });
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
    const accept = (result: ChunkResult, failed?: { readonly error: unknown }): void => {
      if (this.#inFlight.delete(future)) this.#accept(first, count, result, failed);
    };
    future.then(
      (result) => accept(result as ChunkResult),
      (error: unknown) => accept({ values: [], errors: new Map(), ms: 0 }, { error }),
    );
  }

  #accept(first: number, count: number, result: ChunkResult, failed?: { readonly error: unknown }): void {
    if (failed === undefined) this.#adapt(count, result.ms);
    else if (isEndOfExecutor(failed.error)) return this.#cut(first, count, failed);
    for (let n = 0; n < count && !this.#ended; n += 1) {
      const place = this.#ordered ? first + n : this.#arrived++;
      if (this.#mode === 'gather' && failed === undefined && result.errors.size === 0) {
        // The common case of large maps: no object for each result.
        this.#taken += 1;
        this.#gathered[place] = result.values[n];
      } else if (failed !== undefined) this.#put(place, { ok: false, error: failed.error });
      else if (result.errors.has(n)) this.#put(place, { ok: false, error: result.errors.get(n) });
      else this.#put(place, { ok: true, value: result.values[n] });
    }
    this.#finished += count;
    this.#report();
    this.#steps.wake();
    this.#pump();
  }

  /**
   * The executor runs nothing any more: the map ends where this chunk would have been, with the reason, once.
   * What came before it is still handed out.
   */
  #cut(first: number, count: number, failure: { readonly error: unknown }): void {
    this.#pulled = this.#ordered ? Math.min(this.#pulled, first) : this.#pulled - count - this.#waiting;
    this.#values = [];
    this.#endInput(failure);
    this.#cursor.close();
    this.#steps.wake();
    this.#pump();
  }

  #put(place: number, outcome: Outcome): void {
    if (this.#mode === 'gather') return this.#keep(place, outcome);
    this.#outcomes.set(place, outcome);
    if (outcome.ok || this.#mode !== 'open') return;
    this.#unobserved ??= watchFailure(this, 'An item of a map', outcome.error);
  }

  #adapt(count: number, ms: number): void {
    const perItem = Math.max(ms / count, 1e-6);
    const ideal = Math.floor(TARGET_CHUNK_MS / perItem);
    this.#chunk = Math.max(1, Math.min(ideal, this.#chunk * GROWTH, LARGEST_CHUNK));
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
    this.#outcomes.clear();
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
