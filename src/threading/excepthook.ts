/** What happens to errors that a thread does not catch. */

import { inspect } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { checkFunction } from '../options.ts';
import { ownIdent } from './own-ident.ts';
import type { Thread } from './thread.ts';

export interface ExceptHookArgs {
  /** What was thrown. */
  readonly error: unknown;
  /** The thread that threw it, if it is known. */
  readonly thread: Thread | undefined;
}

export type ExceptHook = (args: ExceptHookArgs) => void;

/**
 * The hook that there is at first: it writes the name of the thread and the error, with its stack, to stderr. Python's
 * `threading.__excepthook__`.
 */
export const originalExcepthook: ExceptHook = ({ error, thread }) => {
  const who = thread === undefined ? String(ownIdent()) : thread.name;
  process.stderr.write(`Uncaught error in thread ${who}:\n${inspect(error)}\n`);
};

let hook = originalExcepthook;

/**
 * Handles an error as those are handled that a thread does not catch: calls the hook that was set last, or the
 * original one. Python's `threading.excepthook`, to call it.
 *
 * The hook runs in the main thread, whichever thread has failed; in the thread that started the failed one, where the
 * main thread has not loaded `manyhands/threading`. The program goes on, and its exit code is as if nothing had happened.
 *
 * A hook that throws is reported on stderr, and what it threw is given to the listeners that the program has for
 * `uncaughtException`, or printed if it has none. It does not end the program.
 */
export function excepthook(args: ExceptHookArgs): void {
  try {
    hook(args);
  } catch (error) {
    process.stderr.write('Uncaught error in the excepthook of threading:\n');
    // An uncaught exception proper would end the program, for the sake of one thread; and so it would end a worker, whose
    // listener is this library's.
    if (!isMainThread || !process.emit('uncaughtException', error as Error)) {
      process.stderr.write(`${inspect(error)}\n`);
    }
  }
}

/**
 * Sets what `excepthook` does, in this thread; returns what it did before. To Python's `threading.excepthook` a function
 * is assigned, which what one imports does not permit.
 *
 * @param newHook default: the original one
 * @throws TypeError if it is no function
 */
export function setExcepthook(newHook: ExceptHook = originalExcepthook): ExceptHook {
  checkFunction('hook', newHook);
  const before = hook;
  hook = newHook;
  return before;
}
