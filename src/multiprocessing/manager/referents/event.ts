import { thisCall } from './call.ts';
import { Waiters } from './waiters.ts';

/** A flag. `set` lets go all who wait at that moment, whatever becomes of the flag afterwards. */
export class Event {
  #isSet = false;
  readonly #waiters = new Waiters<void>();

  isSet(): boolean {
    return this.#isSet;
  }

  set(): void {
    this.#isSet = true;
    this.#waiters.resolveAll();
  }

  clear(): void {
    this.#isSet = false;
  }

  async wait(timeout?: number): Promise<void> {
    const { signal } = thisCall();
    if (!this.#isSet) await this.#waiters.wait(undefined, { timeout, signal }, 'The event was not set');
  }
}
