/** `ThreadLocal`: a value for each thread. */

import { NotShareableError } from '../errors.ts';
import { checkFunction } from '../options.ts';
import { shareBy } from '../wire/shareable.ts';

/**
 * A value that each thread has for itself, made when the thread first looks at it, and gone with the thread. Python's
 * `threading.local`.
 *
 * All variables are like that here: threads share no objects, and a module is loaded by each of them. This gives code
 * that comes from Python the same form, and a value that is only made where it is needed. Export it from a module, or
 * keep it in a variable there: each thread that imports the module has its own. It cannot be passed to one. A value for each task, or each chain of
 * awaits, is another thing: `AsyncLocalStorage` of Node.
 *
 * @example
 * export const connection = new ThreadLocal(() => connect());
 * export const query = (text: string) => connection.value.query(text);
 */
export class ThreadLocal<T = undefined> {
  readonly #init: (() => T) | undefined;
  #held: { value: T } | undefined;

  static {
    shareBy(this, () => {
      throw new NotShareableError(
        'a ThreadLocal cannot cross, as its init could not; export it from a module that the other thread imports',
      );
    });
  }

  /**
   * @param init makes the value of a thread; absent: it is `undefined` until it is set. If it throws, so does the look at
   *   `value`, and the next look calls it again.
   * @throws TypeError if it is no function
   */
  constructor(...init: undefined extends T ? [init?: () => T] : [init: () => T]) {
    checkFunction('init', init[0]);
    this.#init = init[0];
  }

  get value(): T {
    this.#held ??= { value: this.#init?.() as T };
    return this.#held.value;
  }

  set value(value: T) {
    this.#held = { value };
  }

  /** Whether this thread has a value already. */
  get isSet(): boolean {
    return this.#held !== undefined;
  }

  /** Drops the value of this thread; the next look makes another. */
  delete(): void {
    this.#held = undefined;
  }
}
