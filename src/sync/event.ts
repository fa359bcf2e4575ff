import { checkDuration, type SyncWaitOptions, type WaitOptions } from '../options.ts';
import { EVENT_WORDS, EventCore } from './cores/event-core.ts';
import { type Place, SharedObject } from './shared-object.ts';

/**
 * A flag that any number wait for.
 *
 * @see CPython `threading.Event`
 * @example
 * await ready.wait({ timeout: 5000 });
 */
export class Event extends SharedObject {
  readonly #core: EventCore;

  /** @internal */
  constructor(place: Place) {
    super(place, EVENT_WORDS);
    this.#core = new EventCore(this.block, 0);
  }

  protected override get state(): string {
    return this.isSet() ? 'set' : 'unset';
  }

  isSet(): boolean {
    return this.#core.isSet;
  }

  /** Lets all go who wait, and all who come until it is cleared. */
  set(): void {
    this.#core.set();
  }

  /** From now on one waits again. Who waited before the last `set` goes on all the same. */
  clear(): void {
    this.#core.clear();
  }

  /** Waits until it is set. @throws TimeoutError, `signal.reason`, RangeError for a wrong timeout */
  wait(options: WaitOptions = {}): Promise<void> {
    return this.#core.wait(options);
  }

  /** The same, and blocks this thread meanwhile. */
  waitSync({ timeout }: SyncWaitOptions = {}): void {
    checkDuration('timeout', timeout);
    this.#core.waitSync(timeout);
  }
}
