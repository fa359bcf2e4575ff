/** Those who wait for one thing, in the order of their coming. */

import { waitWithin } from '../../../futures/waiting.ts';
import type { WaitOptions } from '../../../options.ts';

export interface Waiter<T, W> {
  readonly who: W;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

export class Waiters<T, W = undefined> {
  readonly #all = new Set<Waiter<T, W>>();

  get size(): number {
    return this.#all.size;
  }

  /**
   * Waits until somebody takes this one off and settles it.
   *
   * @param onGivenUp is called when it is off by its own limits instead.
   * @throws TimeoutError; `signal.reason`
   */
  wait(who: W, limits: WaitOptions, what: string, onGivenUp?: () => void): Promise<T> {
    return waitWithin<T>(
      limits,
      () => what,
      (resolve, reject) => {
        const waiter = { who, resolve, reject };
        this.#all.add(waiter);
        return () => {
          this.#all.delete(waiter);
          onGivenUp?.();
        };
      },
    );
  }

  /** Takes the first off. It is to be settled at once. */
  take(): Waiter<T, W> | undefined {
    for (const first of this.#all) {
      this.#all.delete(first);
      return first;
    }
    return undefined;
  }

  resolveAll(value: T): void {
    for (let next = this.take(); next !== undefined; next = this.take()) next.resolve(value);
  }

  rejectAll(makeError: () => Error): void {
    for (let next = this.take(); next !== undefined; next = this.take()) next.reject(makeError());
  }
}
