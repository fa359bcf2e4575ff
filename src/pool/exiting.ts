/**
 * Whether this process has begun to exit: from then on nothing can be run, and children must not outlive it.
 */

let exiting = false;
const last: Set<() => void> = new Set();

process.once('exit', () => {
  exiting = true;
  for (const fn of last) fn();
});

export function isProcessExiting(): boolean {
  return exiting;
}

/** Calls `fn` when the process exits, however it does short of a signal; returns what takes it off again. */
export function atExit(fn: () => void): () => void {
  last.add(fn);
  return () => last.delete(fn);
}
