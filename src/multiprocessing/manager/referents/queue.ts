import { EmptyError, FullError, InvalidStateError, ShutDownError, TimeoutError } from '../../../errors.ts';
import { Fifo } from '../../../futures/fifo.ts';
import { checkBoolean, checkCount } from '../../../options.ts';
import { type Call, thisCall } from './call.ts';
import { Waiters } from './waiters.ts';

/** Nobody waits to get while there is an item, nor to put while there is a place. */
export class Queue {
  readonly #maxSize: number;
  readonly #items = new Fifo<unknown>();
  readonly #getters = new Waiters<unknown>();
  readonly #putters = new Waiters<void, unknown>();
  readonly #joiners = new Waiters<void>();
  #unfinished = 0;
  #isShutDown = false;

  /** @param maxSize 0: as many as there is memory for */
  constructor(maxSize = 0) {
    checkCount('maxSize', maxSize, 0);
    this.#maxSize = maxSize;
  }

  async put(item: unknown, timeout?: number): Promise<void> {
    const call = thisCall();
    if (this.#isShutDown) throw shutDown();
    if (this.full()) {
      await within(
        () => this.#putters.wait(item, { timeout, signal: call.signal }, 'The queue was full'),
        call,
        FullError,
      );
    } else this.#add(item);
  }

  async get(timeout?: number): Promise<unknown> {
    const call = thisCall();
    if (this.#items.length > 0) {
      const item = this.#items.shift();
      const next = this.#putters.take();
      if (next !== undefined) {
        this.#add(next.who);
        next.resolve();
      }
      return item;
    }
    if (this.#isShutDown) throw shutDown();
    return await within(
      () => this.#getters.wait(undefined, { timeout, signal: call.signal }, 'The queue was empty'),
      call,
      EmptyError,
    );
  }

  size(): number {
    return this.#items.length;
  }

  empty(): boolean {
    return this.#items.length === 0;
  }

  full(): boolean {
    return this.#maxSize > 0 && this.#items.length >= this.#maxSize;
  }

  taskDone(): void {
    if (this.#unfinished === 0) throw new InvalidStateError('taskDone() was called more often than put()');
    this.#unfinished -= 1;
    if (this.#unfinished === 0) this.#joiners.resolveAll();
  }

  async join(timeout?: number): Promise<void> {
    const { signal } = thisCall();
    if (this.#unfinished > 0) {
      await this.#joiners.wait(undefined, { timeout, signal }, 'Not all items were done');
    }
  }

  shutdown(immediate = false): void {
    checkBoolean('immediate', immediate);
    this.#isShutDown = true;
    if (immediate) {
      this.#unfinished -= this.#items.length;
      this.#items.clear();
      if (this.#unfinished === 0) this.#joiners.resolveAll();
    }
    this.#putters.rejectAll(shutDown);
    this.#getters.rejectAll(shutDown);
  }

  #add(item: unknown): void {
    this.#unfinished += 1;
    const getter = this.#getters.take();
    if (getter === undefined) this.#items.push(item);
    else getter.resolve(item);
  }
}

function shutDown(): ShutDownError {
  return new ShutDownError('The queue was shut down');
}

/** Waits that are late are told as queues tell it. */
async function within<T>(
  wait: () => Promise<T>,
  { signal }: Call,
  Late: typeof EmptyError | typeof FullError,
): Promise<T> {
  try {
    return await wait();
  } catch (error) {
    if (error instanceof TimeoutError && error !== signal.reason) throw new Late(error.message);
    throw error;
  }
}
