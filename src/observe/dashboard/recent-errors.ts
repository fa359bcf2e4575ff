/** What went wrong since the last tick: a few errors in words, and the number of the others. */

import { inspect } from 'node:util';
import type { ErrorTick } from './messages.ts';

/** Errors put into words in a tick. A stack takes some 10 µs to be written: a task that always fails must not cost that. */
const MOST_ERRORS = 8;
/** Characters of a message, and of a stack with all its causes. */
const LONGEST_MESSAGE = 500;
const LONGEST_STACK = 4000;

export class RecentErrors {
  #errors: ErrorTick[] = [];
  #more = 0;

  add(about: Omit<ErrorTick, 'message' | 'stack'>, error: unknown): void {
    if (this.#errors.length >= MOST_ERRORS) {
      this.#more += 1;
      return;
    }
    this.#errors.push({ ...about, ...describe(error) });
  }

  take(): { readonly errors: ErrorTick[]; readonly moreErrors: number } {
    const taken = { errors: this.#errors, moreErrors: this.#more };
    this.#errors = [];
    this.#more = 0;
    return taken;
  }
}

function describe(error: unknown): { message: string; stack: string } {
  // Errors can be anything, also what throws when it is looked at.
  try {
    const isError = error instanceof Error;
    const message = isError
      ? `${error.name}: ${error.message}`
      : typeof error === 'string'
        ? error
        : inspect(error, { depth: 1 });
    const stack = isError ? inspect(error, { depth: 2 }) : '';
    return { message: message.slice(0, LONGEST_MESSAGE), stack: stack.slice(0, LONGEST_STACK) };
  } catch (reason) {
    return {
      message: `an error that cannot be shown: ${String(reason)}`.slice(0, LONGEST_MESSAGE),
      stack: '',
    };
  }
}
