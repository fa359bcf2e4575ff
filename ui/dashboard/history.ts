/**
 * What the page remembers: the last ticks, no more than `MOST_TICKS` of them. Each is bounded by the server, so the memory of
 * the page is, however long it is open and however many tasks there are.
 */
import type { ErrorTick, Program, Tick } from '../../src/observe/dashboard/messages.ts';

/** Two minutes. */
export const MOST_TICKS = 240;
/** Errors in the list, the newest first; equal ones count as one. */
export const MOST_ERRORS = 50;

export interface KnownError extends ErrorTick {
  count: number;
}

export class History {
  program: Program | undefined;
  readonly ticks: Tick[] = [];
  readonly errors: KnownError[] = [];
  /** Errors of which nothing is known but that they were. */
  moreErrors = 0;

  /** A program has introduced itself: if it is another than before, nothing of that is true any more. */
  begin(program: Program): void {
    this.program = program;
    // It tells all that it knows once more.
    this.ticks.length = 0;
    this.errors.length = 0;
    this.moreErrors = 0;
  }

  add(tick: Tick): void {
    this.ticks.push(tick);
    if (this.ticks.length > MOST_TICKS) this.ticks.shift();
    this.moreErrors += tick.moreErrors;
    for (const error of tick.errors) this.#addError(error);
  }

  get last(): Tick | undefined {
    return this.ticks.at(-1);
  }

  #addError(error: ErrorTick): void {
    const known = this.errors.findIndex(
      ({ source, message }) => source === error.source && message === error.message,
    );
    const count = known === -1 ? 1 : (this.errors[known]?.count ?? 0) + 1;
    if (known !== -1) this.errors.splice(known, 1);
    this.errors.unshift({ ...error, count });
    if (this.errors.length > MOST_ERRORS) this.errors.pop();
  }
}
