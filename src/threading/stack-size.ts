/** The stack of new threads. */

import { checkNumber } from '../options.ts';

/**
 * Node needs so much for itself before the first line of a thread. With less than half of it, it is not the thread that
 * ends, but the whole process.
 */
const LEAST_MB = 0.5;

let megabytes = 0;

/**
 * How large the stacks of threads are that this thread starts from now on, in MiB; 0: Node's default, which is 4. The
 * `resourceLimits` of a thread come first. Returns what it was before. Python's `threading.stack_size()`, in bytes there.
 *
 * @param size absent: only asks
 * @throws RangeError if it is neither 0 nor at least 0.5
 */
export function stackSize(size?: number): number {
  const before = megabytes;
  if (size !== undefined) {
    if (size !== 0) checkStackSize('size', size);
    megabytes = size;
  }
  return before;
}

export function checkStackSize(option: string, size: unknown): void {
  checkNumber(option, size);
  if (size === undefined || (size as number) >= LEAST_MB) return;
  throw new RangeError(`${option} must be >= ${LEAST_MB} MiB, received ${size}`);
}
