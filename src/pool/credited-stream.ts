/** A generator task in the worker: yields while its consumer has room, and waits when it has not. */

export class CreditedStream {
  #credits: number;
  readonly #send: (item: unknown) => void;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(credits: number, send: (item: unknown) => void) {
    this.#credits = credits;
    this.#send = send;
  }

  grant(credits: number): void {
    this.#credits += credits;
    this.#resume();
  }

  /** The consumer has left: the generator ends at its current `yield`, its `finally` blocks included. */
  close(): void {
    this.#closed = true;
    this.#resume();
  }

  /**
   * Sends all that the generator yields. `open` calls the generator function.
   *
   * @throws what the generator throws; NotShareableError for a value that cannot cross; TypeError when the function
   *   did not return an iterable.
   */
  async drain(open: () => unknown): Promise<void> {
    const iterable = await open();
    const iterator = iteratorOf(iterable);
    for (;;) {
      while (this.#credits === 0 && !this.#closed) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      if (this.#closed) break;
      const { done, value } = (await iterator.next()) as IteratorResult<unknown>;
      if (done) return;
      if (this.#closed) break;
      this.#credits -= 1;
      try {
        this.#send(await value);
      } catch (error) {
        // As `for await` does when its body throws: the generator ends with its `finally` blocks.
        await iterator.return?.();
        throw error;
      }
    }
    await iterator.return?.();
  }

  #resume(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

function iteratorOf(iterable: unknown): Iterator<unknown> | AsyncIterator<unknown> {
  if (typeof iterable === 'object' && iterable !== null) {
    if (Symbol.asyncIterator in iterable) return (iterable as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    if (Symbol.iterator in iterable) return (iterable as Iterable<unknown>)[Symbol.iterator]();
  }
  throw new TypeError(
    `stream() needs a generator function, or one that returns an iterable; it returned ${String(iterable)}`,
  );
}
