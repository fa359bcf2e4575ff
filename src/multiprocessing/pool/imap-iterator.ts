/** What `imap` and `imapUnordered` return: a map whose results are taken one by one, each within a time. */

import { waitWithin } from '../../futures/waiting.ts';
import type { WaitOptions } from '../../options.ts';

/** A step of the map below, and how it came out, once it has. */
interface Step<R> {
  readonly result: Promise<IteratorResult<R>>;
  outcome: { readonly value: IteratorResult<R> } | { readonly error: unknown } | undefined;
  onOutcome: (() => void) | undefined;
}

/**
 * @see CPython `multiprocessing.pool.IMapIterator`. There `next()` with a timeout needs chunks of one item; here it does
 *   not.
 */
export class IMapIterator<R> implements AsyncIterableIterator<R> {
  readonly #results: AsyncIterator<R>;
  readonly #onStep: (outcome: NonNullable<Step<R>['outcome']>) => void;
  /** Steps that were asked for and whose results nobody has got: the next ones to hand out. */
  readonly #owed: Step<R>[] = [];

  /** @param onStep hears of every step. */
  constructor(results: AsyncIterator<R>, onStep: (outcome: NonNullable<Step<R>['outcome']>) => void) {
    this.#results = results;
    this.#onStep = onStep;
    // A map without any items tells nobody that it is done until it is asked.
    this.#owed.push(this.#step());
  }

  /**
   * The next result, within `timeout` ms. One that is late is not lost: the next call waits for it.
   *
   * @throws what the function threw for this item, after which it goes on with the next; TimeoutError; `signal.reason`.
   */
  async next(options?: WaitOptions): Promise<IteratorResult<R>> {
    const step = this.#owed.shift() ?? this.#step();
    if (options === undefined) return step.result;
    // A result that is there already arrives within this microtask; a timeout of 0 must not miss it.
    await undefined;
    try {
      await waitWithin<void>(
        options,
        () => 'The next result did not come',
        (resolve) => {
          step.onOutcome = resolve;
          if (step.outcome !== undefined) resolve();
          return () => {
            step.onOutcome = undefined;
          };
        },
      );
    } catch (error) {
      this.#owed.unshift(step);
      throw error;
    }
    return step.result;
  }

  /** Takes no more results: what is pending is cancelled. */
  async return(): Promise<IteratorResult<R>> {
    await this.#results.return?.();
    this.#onStep({ value: { done: true, value: undefined } });
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #step(): Step<R> {
    const step: Step<R> = { result: this.#results.next(), outcome: undefined, onOutcome: undefined };
    const settle = (outcome: NonNullable<Step<R>['outcome']>): void => {
      step.outcome = outcome;
      this.#onStep(outcome);
      step.onOutcome?.();
    };
    step.result.then(
      (value) => settle({ value }),
      (error: unknown) => settle({ error }),
    );
    return step;
  }
}
