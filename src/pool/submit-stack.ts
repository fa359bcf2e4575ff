/**
 * Where a task was submitted, for the errors that it may throw.
 *
 * V8 takes about 2.5 us to note a stack, however short, which is a third of what a no-op costs altogether.
 * Somebody who submits by the thousand submits in a loop, from one place; so only the first few stacks of
 * each millisecond are taken, and further calls of the same function share the last of them. Raising the
 * number makes errors of mixed bursts more exact, and bursts slower.
 */

const PER_MILLISECOND = 4;

/** Holds a stack as V8 noted it; the text is made when somebody reads it. */
export interface SubmitStack {
  readonly stack?: string;
}

/** How a frame of this library begins: callers look for their own line. */
const OWN_CODE = new URL('../', import.meta.url).href;

/** The frames of whoever submitted the task; `undefined` if none were noted. */
export function framesOf({ stack }: SubmitStack): string | undefined {
  return stack
    ?.split('\n')
    .filter((line) => !line.includes(OWN_CODE))
    .join('\n');
}

export class SubmitStacks {
  #since = -Infinity;
  #taken = 0;
  #last: SubmitStack = {};
  #lastFn: Function | undefined;
  #sameTurn = false;

  /** Time has passed. The clock is looked at once a turn, since that costs a tenth of a small task. */
  newTurn(): void {
    this.#sameTurn = false;
  }

  /** The stack of this call, or of a recent one that submitted the same function. */
  take(fn: Function): SubmitStack {
    if (!this.#sameTurn) {
      this.#sameTurn = true;
      const now = performance.now();
      if (now - this.#since >= 1) {
        this.#since = now;
        this.#taken = 0;
      }
    }
    if (this.#taken >= PER_MILLISECOND && this.#lastFn === fn) return this.#last;
    this.#taken += 1;
    this.#lastFn = fn;
    const stack: SubmitStack = {};
    Error.captureStackTrace(stack);
    this.#last = stack;
    return stack;
  }
}
