/** Waiting for several futures at once: Python's `concurrent.futures.wait` and `as_completed`. */

import { TimeoutError } from '../errors.ts';
import { checkChoice, checkWait, type WaitOptions } from '../options.ts';
import { onAbort } from './abort-listeners.ts';
import { Fifo } from './fifo.ts';
import { Future, hasFailed, subscribe } from './future.ts';
import { Waiters } from './waiters.ts';
import { after, waitWithin } from './waiting.ts';

export type ReturnWhen = 'all-completed' | 'first-completed' | 'first-exception';

export interface WaitForOptions extends WaitOptions {
  /** Default 'all-completed'. A cancelled future counts as completed, and not as an exception. */
  readonly returnWhen?: ReturnWhen | undefined;
}

/** Which futures had settled when the wait ended, and which had not. */
export interface DoneAndNotDone<F> {
  readonly done: Set<F>;
  readonly notDone: Set<F>;
}

/**
 * Waits until all, the first, or the first failed of `futures` is done.
 *
 * Duplicates count once. A `timeout` does not reject: the sets then say how far things got. Returns at once
 * where the condition holds already, also for no futures at all.
 *
 * @throws `signal.reason` when aborted; TypeError for what is not a future or an unknown `returnWhen`.
 * @see CPython `concurrent.futures.wait`; unlike there, a cancelled future is always done.
 */
export async function wait<F extends Future<unknown>>(
  futures: Iterable<F>,
  options: WaitForOptions = {},
): Promise<DoneAndNotDone<F>> {
  const { returnWhen = 'all-completed', ...limits } = options;
  checkChoice('returnWhen', returnWhen, ['all-completed', 'first-completed', 'first-exception']);
  checkWait(limits);
  const all = unique(futures);
  await settled(all, returnWhen, limits).catch((error: unknown) => {
    // A caller may abort with a TimeoutError of its own; that one is a reason, not the end of `timeout`.
    if (!(error instanceof TimeoutError) || error === limits.signal?.reason) throw error;
  });
  const done = new Set<F>();
  const notDone = new Set<F>();
  for (const future of all) (future.done() ? done : notDone).add(future);
  return { done, notDone };
}

function settled(futures: Set<Future<unknown>>, returnWhen: ReturnWhen, limits: WaitOptions): Promise<void> {
  let left = futures.size;
  return waitWithin<void>(
    limits,
    () => `${left} of ${futures.size} futures did not finish`,
    (resolve) => {
      const subscriptions: Array<() => void> = [];
      let waiting = true;
      const stop = (): void => {
        waiting = false;
        for (const unsubscribe of subscriptions) unsubscribe();
      };
      const onDone = (future: Future<unknown>): void => {
        left -= 1;
        const failed = !future.cancelled() && hasFailed(future);
        const enough = returnWhen === 'first-completed' || (returnWhen === 'first-exception' && failed);
        if (!waiting || !(enough || left === 0)) return;
        stop();
        resolve();
      };
      for (const future of futures) {
        subscriptions.push(subscribe(future, onDone));
        if (!waiting) break;
      }
      if (futures.size === 0) resolve();
      return stop;
    },
  );
}

/**
 * The futures, each once, in the order in which they finish; those that are done already come first.
 *
 * The clock of `timeout` starts at the call, not at the first step, and covers the whole iteration. What has
 * finished is handed out even when the time is over.
 *
 * What is yielded are the futures. TypeScript gives the variable of a `for await` loop the type of the result
 * all the same, since it takes such values to be awaited; `await future` is right for both.
 *
 * @throws TimeoutError, "n (of m) futures unfinished"; `signal.reason`. The iteration then ends.
 * @see CPython `concurrent.futures.as_completed`.
 */
export function asCompleted<F extends Future<unknown>>(
  futures: Iterable<F>,
  options: WaitOptions = {},
): AsyncIterableIterator<F> {
  checkWait(options);
  return new Completions(unique(futures), options);
}

/** Written out rather than as an async generator, which would await each future that it yields. */
class Completions<F extends Future<unknown>> implements AsyncIterableIterator<F> {
  readonly #total: number;
  readonly #ready = new Fifo<F>();
  #unfinished: number;
  #failure: { readonly error: unknown } | undefined;
  #ended = false;
  /** Steps that wait for a future; more than one only when `next()` is called without awaiting it. */
  readonly #steps = new Waiters();
  #release: () => void;

  constructor(futures: Set<F>, { timeout, signal }: WaitOptions) {
    this.#total = futures.size;
    this.#unfinished = futures.size;
    const expire = (): void => {
      const left = `${this.#unfinished} (of ${this.#total}) futures unfinished`;
      this.#fail(new TimeoutError(`${left} within ${timeout} ms`));
    };
    let timer: NodeJS.Timeout | undefined;
    let offSignal: (() => void) | undefined;
    const subscriptions: Array<() => void> = [];
    this.#release = () => {
      clearTimeout(timer);
      offSignal?.();
      for (const unsubscribe of subscriptions) unsubscribe();
    };
    for (const future of futures) subscriptions.push(subscribe(future, (it) => this.#add(it as F)));
    if (this.#unfinished === 0) this.#release();
    else if (signal?.aborted) this.#fail(signal.reason);
    else if (timeout === 0) expire();
    else {
      if (signal !== undefined) offSignal = onAbort(signal, (reason) => this.#fail(reason));
      if (timeout !== undefined) timer = after(timeout, expire);
    }
  }

  async next(): Promise<IteratorResult<F>> {
    for (;;) {
      const future = this.#ready.shift();
      if (future !== undefined) return { done: false, value: future };
      if (this.#ended || this.#unfinished === 0) return { done: true, value: undefined };
      if (this.#failure !== undefined) {
        this.#ended = true;
        throw this.#failure.error;
      }
      await this.#steps.wait();
    }
  }

  async return(): Promise<IteratorResult<F>> {
    this.#ended = true;
    this.#ready.clear();
    this.#release();
    this.#steps.wake();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #add(future: F): void {
    this.#unfinished -= 1;
    this.#ready.push(future);
    if (this.#unfinished === 0) this.#release();
    this.#steps.wake();
  }

  #fail(error: unknown): void {
    this.#failure = { error };
    this.#release();
    this.#steps.wake();
  }
}

function unique<F extends Future<unknown>>(futures: Iterable<F>): Set<F> {
  const all = new Set<F>();
  for (const future of futures) {
    if (!(future instanceof Future)) throw new TypeError(`Expected futures, received ${String(future)}`);
    all.add(future);
  }
  return all;
}
