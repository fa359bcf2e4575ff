/**
 * The consumer's side of a generator task, with credit-based flow control.
 *
 *   worker: yields while it has credits ──items──▶ buffer ──next()──▶ consumer
 *            ▲                                                          │
 *            └────────────── credits, half a window at a time ◀─────────┘
 *
 * The task begins with `bufferSize` credits; each value that it yields costs one, each value that the
 * consumer takes gives one back. So buffer and wire together never hold more than `bufferSize` values.
 */

import type { Engine, StreamSource, TaskRequest } from './engine.ts';
import { type Future, hasFailed, subscribe } from './future.ts';
import type { MapOptions } from './submit-options.ts';
import { Waiters } from './waiters.ts';

/**
 * Raising it hides more of the round trip at the price of values computed in vain when the consumer stops.
 */
const DEFAULT_WINDOW = 16;

export function openStream<Y>(
  engine: Engine,
  request: TaskRequest,
  options: MapOptions,
): AsyncIterableIterator<Y> {
  return new Stream<Y>(engine, request, options.bufferSize ?? DEFAULT_WINDOW);
}

class Stream<Y> implements AsyncIterableIterator<Y> {
  readonly #source: StreamSource;
  readonly #window: number;
  readonly #buffer: Y[] = [];
  #taken = 0;
  #future: Future<unknown> | undefined;
  #ended = false;
  /** Steps that wait; more than one only when `next()` is called without awaiting it. */
  readonly #steps = new Waiters();

  constructor(engine: Engine, request: TaskRequest, window: number) {
    this.#window = window;
    // Opened here, so that the arguments are read inside the call; started by the first step.
    this.#source = engine.open(request, window, (item) => {
      if (this.#ended) return;
      this.#buffer.push(item as Y);
      this.#steps.wake();
    });
  }

  async next(): Promise<IteratorResult<Y>> {
    for (;;) {
      if (this.#ended) return { done: true, value: undefined };
      this.#start();
      if (this.#buffer.length > 0) {
        const value = this.#buffer.shift() as Y;
        this.#giveBack();
        return { done: false, value };
      }
      if (this.#future?.done()) {
        this.#ended = true;
        // A failure is thrown in its place, after all values that came before it.
        await this.#future;
        return { done: true, value: undefined };
      }
      await this.#steps.wait();
    }
  }

  async return(): Promise<IteratorResult<Y>> {
    const future = this.#future;
    this.#ended = true;
    this.#buffer.length = 0;
    this.#steps.wake();
    if (future?.done()) return { done: true, value: undefined };
    this.#source.close();
    await future?.exception().catch(() => undefined);
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #start(): void {
    if (this.#future !== undefined) return;
    this.#future = this.#source.start();
    subscribe(this.#future, (future) => {
      // The step that takes the failure will look at it; a consumer that has left does not care.
      if (hasFailed(future)) future.catch(() => undefined);
      this.#steps.wake();
    });
  }

  #giveBack(): void {
    this.#taken += 1;
    if (this.#taken * 2 < this.#window) return;
    this.#source.grant(this.#taken);
    this.#taken = 0;
  }
}
