/**
 * Those who wait on one connection, for a message or to know that there is one; they are served in the order in which
 * they came.
 *
 *      recv(), poll() --> [ waiter | waiter | waiter ]         bytes <-- link <-- system
 *                             ^ the first decides                |
 *                             |   what is read                   v
 *                             +------------- message ------ assembler
 *
 * Who gives up is taken out of the line, and what has been read of a message stays in the assembler for the next: a wait
 * that timed out has consumed nothing.
 */

import { BrokenConnectionError, EndOfFileError, InvalidStateError } from '../errors.ts';
import { waitWithin } from '../futures/waiting.ts';
import type { WaitOptions } from '../options.ts';
import { Assembler, tooLong } from './framing.ts';
import type { Link, Sink } from './link.ts';

/** Somebody who waits for a message, or, without `take`, to know that there is one. */
interface Waiter {
  /** The longest message that it takes. */
  readonly limit: number;
  readonly take: ((message: Buffer) => void) | undefined;
  readonly ready: () => void;
  readonly fail: (error: unknown) => void;
}

export class Inbox implements Sink {
  readonly #link: Link;
  readonly #limit: number;
  readonly #assembler = new Assembler();
  #waiters: Waiter[] = [];
  /** What came was no message, or too long: there is no telling where the next one begins. */
  #broken: Error | undefined;
  #serving = false;

  constructor(link: Link, limit: number) {
    this.#link = link;
    this.#limit = limit;
    link.attach(this);
  }

  /** Whether what comes cannot be made sense of any more. */
  get broken(): boolean {
    return this.#broken !== undefined;
  }

  get wanting(): boolean {
    return this.#waiters[0]?.take !== undefined && this.#broken === undefined;
  }

  get target(): Uint8Array {
    return this.#assembler.target;
  }

  fill(count: number): void {
    // There is one: links give nothing to a sink that is not wanting.
    const first = this.#waiters[0] as Waiter;
    let message: Buffer | undefined;
    try {
      message = this.#assembler.fill(count, first.limit);
    } catch (error) {
      this.#broken = error as Error;
    }
    if (message === undefined) return;
    this.#waiters.shift();
    first.take?.(message);
  }

  arrived(): void {
    this.#serve();
  }

  /** The next message that nobody before has asked for, as `take` makes it. */
  receive<T>(options: WaitOptions, limit: number, take: (message: Buffer) => T): Promise<T> {
    return waitWithin<T>(
      options,
      () => 'No message came',
      (resolve, reject) => {
        const waiter: Waiter = {
          limit: Math.min(limit, this.#limit),
          take: (message) => {
            try {
              resolve(take(message));
            } catch (error) {
              reject(error);
            }
          },
          ready: () => undefined,
          fail: reject,
        };
        return this.#enter(waiter, options.timeout === 0);
      },
    );
  }

  /** Resolves when there is something to receive, or the end. */
  readable(options: WaitOptions): Promise<void> {
    return waitWithin<void>(
      options,
      () => 'Nothing came',
      (resolve, reject) =>
        this.#enter({ limit: this.#limit, take: undefined, ready: resolve, fail: reject }, false),
    );
  }

  /** The same as a question, for now. */
  isReadable(): boolean {
    return this.#waiters.length === 0 && this.#isReadable();
  }

  /**
   * Like `receive`, for those who block: unless it is there at once, `drive` waits for more until `done()`. `undefined`
   * when that gave up.
   */
  receiveSync(limit: number, drive: (done: () => boolean) => void): Buffer | undefined {
    let outcome: { readonly message?: Buffer; readonly error?: unknown } | undefined;
    const waiter: Waiter = {
      limit: Math.min(limit, this.#limit),
      take: (message) => (outcome = { message }),
      ready: () => undefined,
      fail: (error) => (outcome = { error }),
    };
    const leave = this.#enter(waiter, true);
    try {
      if (outcome === undefined) {
        drive(() => {
          this.#serve(true);
          return outcome !== undefined;
        });
      }
    } finally {
      leave();
    }
    if (outcome !== undefined && 'error' in outcome) throw outcome.error;
    return outcome?.message;
  }

  /** All who wait are told that it is over. */
  close(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { fail } of waiters) {
      fail(
        new InvalidStateError('The connection was closed by its own side while this waited for a message'),
      );
    }
  }

  #enter(waiter: Waiter, now: boolean): () => void {
    this.#waiters.push(waiter);
    this.#serve(now);
    return () => {
      const at = this.#waiters.indexOf(waiter);
      if (at < 0) return;
      this.#waiters.splice(at, 1);
      // The next may want something else of the link, or nobody anything; and who blocked has read under the hands
      // of those before it.
      this.#serve();
    };
  }

  /** Gives those in front what they wait for, as long as it is there; then has the link tell when there is more. */
  #serve(now = false): void {
    // Taking a message can run code of users, which may ask for the next.
    if (this.#serving) return;
    this.#serving = true;
    for (let first = this.#waiters[0]; first !== undefined; first = this.#waiters[0]) {
      if (first.take === undefined ? !this.#tell(first) : !this.#hand(first, now)) {
        this.#serving = false;
        return;
      }
    }
    this.#serving = false;
    this.#link.rest();
  }

  /** Whether `first` has been told that there is something. */
  #tell(first: Waiter): boolean {
    if (!this.#isReadable()) {
      this.#link.watch();
      return false;
    }
    this.#waiters.shift();
    first.ready();
    return true;
  }

  #isReadable(): boolean {
    return (
      this.#broken !== undefined ||
      this.#assembler.begun ||
      this.#link.end !== undefined ||
      this.#link.pending()
    );
  }

  /** Whether `first` has got a message, or an error. */
  #hand(first: Waiter, now: boolean): boolean {
    // It has begun, when another waited for it who takes longer ones.
    const length = this.#assembler.longerThan(first.limit);
    if (length !== undefined) this.#broken ??= tooLong(length, first.limit);
    if (this.#broken === undefined) {
      if (now) this.#link.pullNow();
      else this.#link.pull();
      if (this.#waiters[0] !== first) return true;
    }
    const error = this.#failure();
    if (error === undefined) return false;
    this.#waiters.shift();
    first.fail(error);
    return true;
  }

  /** Why there will be no message, if that is so. A new error each time, with the stack of the one who asked. */
  #failure(): Error | undefined {
    const broken = this.#broken;
    if (broken !== undefined) return new BrokenConnectionError(broken.message);
    const { end } = this.#link;
    if (end === undefined) return undefined;
    if (end.error !== undefined) {
      return new BrokenConnectionError(`The connection failed: ${end.error.message}`, { cause: end.error });
    }
    return this.#assembler.begun
      ? new BrokenConnectionError('The other end was closed inside of a message')
      : new EndOfFileError('The other end was closed, and all its messages have been received');
  }
}
