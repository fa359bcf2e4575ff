/**
 * Holds the process open while work is pending, and lets it end when none is.
 *
 * Workers and their pipes are never ref'd: with several of them, starting and ending at any time, each would
 * need its own count. One timer for all pools of this thread stands for "there is something to wait for"; it
 * is set so far ahead that it does not fire while anybody waits, and only exists while it holds.
 */

const FOR_EVER = 2 ** 31 - 1;

let holders = 0;
let timer: NodeJS.Timeout | undefined;

/** One more thing to wait for. Pair each call with one of `letGo`. */
export function hold(): void {
  holders += 1;
  if (timer === undefined) timer = setInterval(() => undefined, FOR_EVER);
  else if (holders === 1) timer.ref();
}

export function letGo(): void {
  holders -= 1;
  if (holders === 0) timer?.unref();
}
