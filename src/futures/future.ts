/**
 * The result to come of one task.
 *
 *              cancel()
 *   pending ─────────────▶ cancelled
 *      │  ╲
 *      │   ╲ setResult / setException
 *      ▼    ╲
 *   running ─▶ finished
 *
 * Invariants
 * 1. The state only moves along the arrows. `cancelled` and `finished` are final, and the first outcome
 *    stays.
 * 2. Callbacks run once each, in the order in which they were added, synchronously on settling; one that is
 *    added later runs at once. Promise reactions come after them, in their microtasks.
 * 3. The promise behind `then` is made when somebody first asks for it. A future that nobody looks at
 *    therefore never causes an unhandled rejection; its failure is reported by `unobserved.ts` instead.
 * 4. While an executor holds the task, only the executor knows whether it runs already: `state` and
 *    `cancel()` ask the `Owner` that it set.
 *
 * Semantics: Python's `concurrent.futures.Future`, with one final cancelled state instead of two: there a
 * future that was cancelled counts as done only after a worker has seen it, so that `wait()` may hang on it.
 */

import { inspect } from 'node:util';
import { CancelledError, InvalidStateError } from '../errors.ts';
import type { WaitOptions } from '../options.ts';
import { failureObserved, type Unobserved, watchFailure } from './unobserved.ts';
import { waitWithin } from './waiting.ts';

export type FutureState = 'pending' | 'running' | 'cancelled' | 'finished';

/** The executor's side of a future that is still pending as far as the future itself knows. */
export interface Owner {
  /** Has a worker begun to run the task? */
  started(): boolean;
  /** Takes the task back for good; false when a worker has begun to run it. */
  withdraw(): boolean;
  /** The future has settled; called before its callbacks. */
  settled(future: Future<unknown>): void;
  /** For messages: what the task is called. */
  readonly label: string;
}

/**
 * Written as a method, since TypeScript compares the parameters of methods loosely: with a plain function
 * type a `Future<number>` would not pass for a `Future<unknown>`, and could not be given to `wait`.
 */
type Callback<T> = { callback(future: Future<T>): void }['callback'];
type Resolve<T> = { resolve(value: T): void }['resolve'];

/** For executors in this package: says who knows whether the task runs. */
export let own: (future: Future<unknown>, owner: Owner) => void;
/** For this package: calls `fn` on settling without counting as a look; returns what takes it off again. */
export let subscribe: <T>(future: Future<T>, fn: Callback<T>) => () => void;
/** For this package: whether a settled future holds an error, not counting as a look. */
export let hasFailed: (future: Future<unknown>) => boolean;
/** For this package: the value or the error of a settled future, not counting as a look. */
export let outcomeOf: (future: Future<unknown>) => unknown;

export class Future<T> implements PromiseLike<T> {
  #state: FutureState = 'pending';
  #failed = false;
  /** The result, or the error when `#failed` or cancelled. Only read once settled. */
  #outcome: unknown;
  #callbacks: Callback<T>[] | undefined;
  #promise: Promise<T> | undefined;
  #resolve: Resolve<T> | undefined;
  #reject: ((error: unknown) => void) | undefined;
  #owner: Owner | undefined;
  #observed = false;
  #unobserved: Unobserved | undefined;
  /** `setRunningOrNotifyCancel` has told the executor of the cancellation; it is told once. */
  #notified = false;

  static {
    own = (future, owner) => {
      future.#owner = owner;
    };
    subscribe = (future, fn) => {
      future.#whenDone(fn);
      return () => future.#forget(fn);
    };
    hasFailed = (future) => future.#failed;
    outcomeOf = (future) => future.#outcome;
    Object.defineProperty(Future.prototype, inspect.custom, {
      value(this: Future<unknown>): string {
        return this.#describe();
      },
    });
  }

  /** Where the task stands now. A task that waits in a worker's hands is still `pending`. */
  get state(): FutureState {
    if (this.#state === 'pending' && this.#owner?.started()) this.#state = 'running';
    return this.#state;
  }

  /** True once cancelled or finished. */
  done(): boolean {
    return this.#state === 'finished' || this.#state === 'cancelled';
  }

  /** True while a worker runs the task. */
  running(): boolean {
    return this.state === 'running';
  }

  /** True if it was cancelled before it ran. */
  cancelled(): boolean {
    return this.#state === 'cancelled';
  }

  /**
   * Takes a pending task off the queue; the future then rejects with `CancelledError`.
   *
   * @returns true if the task will never run, also when it was cancelled before; false once it runs or has
   *   finished. To stop a running task, submit it with a `signal`.
   */
  cancel(): boolean {
    if (this.#state === 'cancelled') return true;
    if (this.state !== 'pending' || this.#owner?.withdraw() === false) return false;
    this.#failed = true;
    this.#outcome = new CancelledError(
      `${this.#label()} was cancelled before it ran; its future has no result. Look at future.cancelled() first.`,
    );
    // Whoever cancels knows; nobody needs to be told that the result of it was not looked at.
    this.#observed = true;
    this.#settle('cancelled');
    return true;
  }

  /**
   * The task's result, within `timeout` ms.
   *
   * @throws what the task threw; `CancelledError`; `TimeoutError`; `signal.reason`. Giving up this wait
   *   leaves the task alone.
   */
  result(options?: WaitOptions): Promise<T> {
    if (options === undefined) return this.#asPromise().then((value) => value);
    return this.#within(options, (resolve, reject) => {
      if (this.#failed) reject(this.#outcome);
      else resolve(this.#outcome as T);
    });
  }

  /**
   * What the task threw, or `undefined` if it succeeded.
   *
   * A task may throw `undefined`; `result()` tells the two apart.
   * @throws CancelledError, TimeoutError, `signal.reason`.
   */
  exception(options: WaitOptions = {}): Promise<unknown> {
    return this.#within(options, (resolve, reject) => {
      if (this.#state === 'cancelled') reject(this.#outcome);
      else resolve(this.#failed ? this.#outcome : undefined);
    });
  }

  /**
   * Calls `fn` with this future when it settles, or at once if it has. An error that `fn` throws becomes a
   * process warning and stops nothing.
   */
  addDoneCallback(fn: (future: Future<T>) => void): void {
    this.#observe();
    this.#whenDone(fn);
  }

  // A future is awaited more often than anything else; being a thenable makes `await future` work.
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#asPromise().then(onFulfilled, onRejected);
  }

  catch<B = never>(onRejected?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.#asPromise().catch(onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<T> {
    return this.#asPromise().finally(onFinally);
  }

  /**
   * For executors: the task is about to run.
   *
   * @returns true, and the future is `running`; or false: it was cancelled, drop the task.
   * @throws InvalidStateError when the future is running, finished, or was told before.
   */
  setRunningOrNotifyCancel(): boolean {
    if (this.#state === 'cancelled' && !this.#notified) {
      this.#notified = true;
      return false;
    }
    if (this.#state !== 'pending') throw this.#refuse('setRunningOrNotifyCancel');
    this.#state = 'running';
    return true;
  }

  /**
   * For executors: the task returned `value`. @throws InvalidStateError once settled; the first outcome
   * stays.
   */
  setResult(value: T): void {
    if (this.done()) throw this.#refuse('setResult');
    this.#outcome = value;
    this.#settle('finished');
  }

  /**
   * For executors: the task threw `error`, which may be any value. @throws InvalidStateError once settled.
   */
  setException(error: unknown): void {
    if (this.done()) throw this.#refuse('setException');
    this.#failed = true;
    this.#outcome = error;
    this.#settle('finished');
  }

  get [Symbol.toStringTag](): string {
    return 'Future';
  }

  #describe(): string {
    const { state } = this;
    if (state !== 'finished') return `Future { ${state} }`;
    const kind = this.#failed ? 'raised' : 'returned';
    const value = this.#outcome;
    const type =
      typeof value === 'object' && value !== null ? (value.constructor?.name ?? 'object') : typeof value;
    return `Future { finished, ${kind} ${value === null ? 'null' : type} }`;
  }

  #settle(state: 'finished' | 'cancelled'): void {
    this.#state = state;
    const what = this.#failed && !this.#observed ? this.#label() : '';
    const owner = this.#owner;
    this.#owner = undefined;
    owner?.settled(this);
    const callbacks = this.#callbacks;
    this.#callbacks = undefined;
    if (callbacks !== undefined) for (const callback of callbacks) this.#call(callback);
    if (this.#promise !== undefined) this.#settlePromise();
    // Read again: one of the callbacks may have looked.
    if (this.#failed && !this.#observed) this.#unobserved = watchFailure(this, what, this.#outcome);
  }

  #call(callback: Callback<T>): void {
    try {
      callback(this);
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : inspect(error);
      process.emitWarning(`A done callback of a future threw: ${text}`, {
        type: 'FutureCallbackWarning',
        code: 'MANYHANDS_CALLBACK',
      });
    }
  }

  #whenDone(callback: Callback<T>): void {
    if (this.done()) this.#call(callback);
    else if (this.#callbacks === undefined) this.#callbacks = [callback];
    else this.#callbacks.push(callback);
  }

  #asPromise(): Promise<T> {
    this.#observe();
    if (this.#promise !== undefined) return this.#promise;
    this.#promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (this.done()) this.#settlePromise();
    return this.#promise;
  }

  #settlePromise(): void {
    if (this.#failed) this.#reject?.(this.#outcome);
    else this.#resolve?.(this.#outcome as T);
    this.#resolve = undefined;
    this.#reject = undefined;
  }

  #within<R>(
    options: WaitOptions,
    read: (resolve: (value: R) => void, reject: (error: unknown) => void) => void,
  ): Promise<R> {
    this.#observe();
    const what = (): string => `${this.#label()} is ${this.state}; it did not finish`;
    return waitWithin<R>(options, what, (resolve, reject) => {
      const callback = (): void => read(resolve, reject);
      this.#whenDone(callback);
      return () => this.#forget(callback);
    });
  }

  #forget(callback: Callback<T>): void {
    const at = this.#callbacks?.indexOf(callback) ?? -1;
    if (at >= 0) this.#callbacks?.splice(at, 1);
  }

  #observe(): void {
    this.#observed = true;
    if (this.#unobserved === undefined) return;
    failureObserved(this.#unobserved);
    this.#unobserved = undefined;
  }

  #label(): string {
    return this.#owner === undefined ? 'The task of a future' : `Task ${this.#owner.label}`;
  }

  #refuse(call: string): InvalidStateError {
    return new InvalidStateError(
      `${call}() is not allowed: the future is ${this.#state} already. Its first outcome is kept.`,
    );
  }
}
