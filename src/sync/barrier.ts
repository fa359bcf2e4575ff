import {
  checkCount,
  checkDuration,
  checkFunction,
  type SyncWaitOptions,
  type WaitOptions,
} from '../options.ts';
import { BARRIER_WORDS, BarrierCore, MOST_PARTIES } from './cores/barrier-core.ts';
import { type Place, SharedObject } from './shared-object.ts';

export interface BarrierOptions {
  /**
   * Called once each time when all parties have come, before they go on. It stays in the thread that makes the barrier,
   * so it is called if the last party to come is of that thread, or if that thread is one of those who wait.
   */
  readonly action?: (() => unknown) | undefined;
  /** For waits that have none of their own, in ms. A wait with `timeout: Infinity` has none at all. */
  readonly timeout?: number | undefined;
}

/**
 * Where `parties` wait for each other, again and again.
 *
 * When one of them does not come in time, aborts, or dies, or the action throws, the barrier is broken: all who wait
 * or come fail with a `BrokenBarrierError`, until it is reset.
 *
 * @see CPython `threading.Barrier`
 * @example
 * const place = await barrier.wait();
 * if (place === 0) console.log('all are here');
 */
export class Barrier extends SharedObject {
  readonly #core: BarrierCore;

  /**
   * @internal
   * @throws RangeError or TypeError if `parties` is not a whole number >= 1, or an option is wrong
   */
  constructor(place: Place, parties = 1, { action, timeout }: BarrierOptions = {}) {
    checkCount('parties', parties, 1);
    if (parties > MOST_PARTIES)
      throw new RangeError(`parties must be <= ${MOST_PARTIES}, received ${parties}`);
    checkFunction('action', action);
    checkDuration('timeout', timeout);
    super(place, BARRIER_WORDS);
    this.#core = new BarrierCore(this.block, 0);
    if (this.isNew) this.#core.initialise(parties, action, timeout);
  }

  protected override get state(): string {
    return this.broken ? 'broken' : `${this.waiting} of ${this.parties} wait`;
  }

  /** How many must come. */
  get parties(): number {
    return this.#core.parties;
  }

  /** How many have come and wait. */
  get waiting(): number {
    return this.#core.waiting;
  }

  get broken(): boolean {
    return this.#core.isBroken;
  }

  /**
   * Waits until all have come. The number that it gives is a different one for each party, from 0 to `parties - 1`, in
   * the order of their coming.
   *
   * @throws BrokenBarrierError; TimeoutError or `signal.reason`, which breaks it for the others; what the action throws
   */
  wait(options: WaitOptions = {}): Promise<number> {
    return this.#core.wait(options);
  }

  /** The same, and blocks this thread meanwhile. */
  waitSync({ timeout }: SyncWaitOptions = {}): number {
    checkDuration('timeout', timeout);
    return this.#core.waitSync(timeout);
  }

  /** Makes it as new. Those who wait fail. */
  reset(): void {
    this.#core.reset();
  }

  /** Breaks it. */
  abort(): void {
    this.#core.abort();
  }
}
