/** `AsyncResult`: what the calls of a pool that end in `Async` return. */

import { inspect } from 'node:util';
import { InvalidStateError } from '../../errors.ts';
import { type Future, hasFailed, subscribe } from '../../futures/future.ts';
import { checkFunction, type WaitOptions } from '../../options.ts';

/** Who is told of a result when it is there. What they throw becomes a process warning, and stops nothing. */
export interface AsyncCallbacks<T> {
  /** Gets the result. */
  readonly callback?: ((value: T) => void) | undefined;
  /** Gets what was thrown. */
  readonly errorCallback?: ((error: unknown) => void) | undefined;
}

/**
 * A result to come: a future under the names that Python's pools use. It can be awaited.
 *
 * @see CPython `multiprocessing.pool.AsyncResult`; `ApplyResult` and `MapResult` are the same.
 */
export class AsyncResult<T> implements PromiseLike<T> {
  readonly #future: Future<T>;

  constructor(future: Future<T>, { callback: onValue, errorCallback: onError }: AsyncCallbacks<T> = {}) {
    checkFunction('callback', onValue);
    checkFunction('errorCallback', onError);
    this.#future = future;
    // A failure that goes to no callback still waits for somebody to look at it.
    subscribe(future, () => {
      if (!hasFailed(future)) {
        if (onValue !== undefined) void future.then((value) => tell(onValue, value));
      } else if (onError !== undefined) void future.catch((error) => tell(onError, error));
    });
  }

  /** The result, within `timeout` ms. @throws what the function threw; TimeoutError; `signal.reason`. */
  get(options: WaitOptions = {}): Promise<T> {
    return this.#future.result(options);
  }

  /** Waits until it is there, and does not tell what it is. @throws TimeoutError; `signal.reason`. */
  async wait(options: WaitOptions = {}): Promise<void> {
    await this.#future.result(options).catch((error: unknown) => {
      if (!this.ready()) throw error;
    });
  }

  /** Whether it is there. */
  ready(): boolean {
    return this.#future.done();
  }

  /** Whether the call returned, and did not throw. @throws InvalidStateError until it is ready. */
  successful(): boolean {
    if (this.ready()) return !hasFailed(this.#future);
    throw new InvalidStateError(
      'successful() is not known yet: the result is not ready. Wait for it before.',
    );
  }

  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#future.then(onFulfilled, onRejected);
  }
}

function tell<V>(listener: (value: V) => void, value: V): void {
  try {
    listener(value);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : inspect(error);
    process.emitWarning(`A callback of a pool threw: ${text}`, { code: 'MANYHANDS_CALLBACK' });
  }
}
