/** The one place where a wait gets its limits: a time, a signal, or both. */

import { TimeoutError } from '../errors.ts';
import { checkWait, type WaitOptions } from '../options.ts';
import { onAbort } from './abort-listeners.ts';

/**
 * The longest time that is measured, in milliseconds: some 24 days, which is what the timers of Node can. A longer one is
 * as good as for ever.
 */
export const TIMEOUT_MAX: number = 2 ** 31 - 1;

/** Calls `fn` after `ms` milliseconds; durations beyond the timer's range are as good as for ever. */
export function after(ms: number, fn: () => void): NodeJS.Timeout | undefined {
  return ms > TIMEOUT_MAX ? undefined : setTimeout(fn, ms);
}

/**
 * A promise that `start` settles, unless `timeout` or `signal` does first.
 *
 * `start` receives the two ends of the promise and returns what takes the waiter off again; it is called
 * exactly once when the limit wins, so that a wait that was given up leaves nothing behind. `start` runs
 * before the limits are looked at: what is there already is taken even with a timeout of 0.
 *
 * @throws TimeoutError saying `what` did not come, after `timeout` ms; `signal.reason` when aborted; RangeError or
 *   TypeError for wrong options.
 */
export function waitWithin<T>(
  options: WaitOptions,
  what: () => string,
  start: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    // In here, so that a wrong option rejects: who waits with `catch` should not need `try` as well.
    checkWait(options);
    const { timeout, signal } = options;
    let settled = false;
    let timer: NodeJS.Timeout | undefined;
    let offSignal: (() => void) | undefined;
    const finish = (): void => {
      settled = true;
      clearTimeout(timer);
      offSignal?.();
    };
    const giveUp = (error: unknown): void => {
      if (settled) return;
      finish();
      stop();
      reject(error);
    };
    const expire = (): void => giveUp(new TimeoutError(`${what()} within ${timeout} ms`));
    const stop = start(
      (value) => {
        finish();
        resolve(value);
      },
      (error) => {
        finish();
        reject(error);
      },
    );
    if (settled) return;
    if (signal?.aborted) giveUp(signal.reason);
    else if (timeout === 0) expire();
    else {
      if (signal !== undefined) offSignal = onAbort(signal, giveUp);
      if (timeout !== undefined) timer = after(timeout, expire);
    }
  });
}
