/** Blocking for a moment, where there is nothing that could wake one. */

/** Slept on; nothing ever notifies it. */
const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** Blocks this thread for so many milliseconds, fractions of one included. */
export function nap(ms: number): void {
  Atomics.wait(never, 0, 0, ms);
}
