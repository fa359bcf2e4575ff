/**
 * How a call spends its time, as its worker sees it: what it computes, and what it waits for.
 *
 * What counts is how long the event loop is kept busy, and not processor time: a call that blocks in a system call
 * uses no processor, and is as bad a guest on a program's event loop as one that computes.
 */

export class Measuring {
  /** The call returned a promise. */
  asynchronous = false;
  readonly #running: () => number;
  readonly #startedAt: number = performance.now();
  #returnedAt: number | undefined;
  /** How busy the loop was so far when the call had returned a promise, and with how many tasks. */
  #active = 0;
  #company = 0;

  /** @param running how many tasks are under way on this worker. */
  constructor(running: () => number) {
    this.#running = running;
  }

  /** The call has returned a promise. */
  awaits(): void {
    this.asynchronous = true;
    this.#returnedAt = performance.now();
    this.#active = performance.eventLoopUtilization().active;
    this.#company = this.#running();
  }

  /** Milliseconds until it returned. */
  get blocked(): number {
    return (this.#returnedAt ?? performance.now()) - this.#startedAt;
  }

  /**
   * Milliseconds of the event loop that it took so far.
   *
   * Nobody tells whose callback the loop runs, short of `async_hooks`, which would slow down all of them. Calls that wait at
   * the same time are mostly calls of one function, and then an equal part for each is right on the average.
   */
  get busy(): number {
    if (!this.asynchronous) return this.blocked;
    const active = performance.eventLoopUtilization().active - this.#active;
    return this.blocked + Math.max(0, active) / Math.max(1, (this.#company + this.#running()) / 2);
  }
}
