/**
 * How a call spends its time, as its worker sees it: what it computes, and what it waits for.
 *
 * What counts is how long the event loop is kept busy, and not processor time: a call that blocks in a system call
 * uses no processor, and is as bad a guest on a program's event loop as one that computes.
 *
 * Nobody tells whose callback the loop runs, short of `async_hooks`, which would slow down all of them. So what a call
 * does after it has first awaited is its part of all that the loop did meanwhile: as much for each call that began, and
 * each that ended. That is exact for a call that is alone, and the average where many calls of one function wait together.
 * To share each moment among those that are there would not be: of a burst, the first would get what all of them cost.
 */

/** The calls of one worker that await something. */
export class Company {
  /** How many have begun to wait, and how many were over, so far. */
  turns = 0;
}

/** One call that is measured. */
export class Measuring {
  /** The call returned a promise. */
  asynchronous = false;
  /** Milliseconds until it returned. */
  blocked = 0;
  /** Milliseconds of the event loop that it took. */
  busy = 0;
  readonly #company: Company;
  readonly #startedAt: number = performance.now();
  #active = 0;
  #turns = 0;

  constructor(company: Company) {
    this.#company = company;
  }

  /** The call has returned a promise. */
  awaits(): void {
    this.#return();
    this.asynchronous = true;
    this.#active = performance.eventLoopUtilization().active;
    this.#turns = this.#company.turns;
  }

  /** The call is over. */
  over(): void {
    if (!this.asynchronous) {
      this.#return();
      return;
    }
    const active = performance.eventLoopUtilization().active - this.#active;
    const turns = this.#company.turns - this.#turns + 1;
    this.busy = this.blocked + Math.max(0, active) / turns;
  }

  #return(): void {
    this.blocked = performance.now() - this.#startedAt;
    this.busy = this.blocked;
  }
}
