/** What one gets who acquires something: the right to release it, once. */

import { InvalidStateError } from '../errors.ts';

/** What guards are given for. */
export interface Guarded {
  /** Ends the hold with this number. */
  releaseHold(hold: number): void;
}

/**
 * Holds a lock, or a permit of a semaphore, until it is released or leaves its scope.
 *
 * @example using guard = await lock.acquire();
 */
export class Guard implements Disposable {
  readonly #guarded: Guarded;
  readonly #hold: number;
  #released = false;

  constructor(guarded: Guarded, hold: number) {
    this.#guarded = guarded;
    this.#hold = hold;
  }

  /** @throws InvalidStateError if this guard, or somebody else, has released it already. */
  release(): void {
    if (this.#released) throw new InvalidStateError('This guard has released what it held already');
    this.#released = true;
    this.#guarded.releaseHold(this.#hold);
  }

  /** @internal Which hold of `guarded` this is; `undefined` if it is one of something else. */
  holdOf(guarded: Guarded): number | undefined {
    return this.#guarded === guarded ? this.#hold : undefined;
  }

  /** Releases it at the end of a scope, unless this guard has done so before. */
  [Symbol.dispose](): void {
    if (!this.#released) this.release();
  }
}
