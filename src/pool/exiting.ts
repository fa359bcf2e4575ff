/**
 * Whether this process has begun to exit: from then on nothing can be run, and children must not outlive it.
 */

import { ExecutorShutdownError } from '../errors.ts';

let exiting = false;
const last: Set<() => void> = new Set();

process.once('exit', () => {
  exiting = true;
  for (const fn of last) fn();
});

export function isProcessExiting(): boolean {
  return exiting;
}

/** Why an executor takes no more work, if it is not open any more, or the process exits. */
export function endOfWork(isOpen: boolean): ExecutorShutdownError | undefined {
  if (isOpen && !exiting) return undefined;
  const why = isOpen ? 'the process is exiting.' : 'shutdown() was called. Make a new one.';
  return new ExecutorShutdownError(`The executor takes no more work: ${why}`);
}

/** Calls `fn` when the process exits, however it does short of a signal; returns what takes it off again. */
export function atExit(fn: () => void): () => void {
  last.add(fn);
  return () => last.delete(fn);
}
