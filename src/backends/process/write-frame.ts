/**
 * Writes to the pipe of a worker process, and returns when the system has the bytes.
 *
 * A stream would keep in memory what the pipe has no room for, and a task that ends the process right after
 * would take the answers of the tasks before it along. So a worker waits for room, which also holds back one
 * that produces more than its parent reads.
 */

import { writeSync } from 'node:fs';
import { encodeFrame } from '../../wire/frames.ts';

/** Slept on between tries when the pipe is full; nothing ever notifies it. */
const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
/**
 * A parent that reads makes room within microseconds, and a large answer takes many rounds of that; one that
 * is busy may need seconds, and must not be waited for with a busy processor. So naps begin short and double.
 */
const SHORTEST_NAP_MS = 0.02;
const LONGEST_NAP_MS = 2;

export function writeFrame(fd: number, batch: readonly unknown[]): void {
  const frame = encodeFrame(batch);
  let written = 0;
  let nap = SHORTEST_NAP_MS;
  while (written < frame.length) {
    try {
      written += writeSync(fd, frame, written);
      nap = SHORTEST_NAP_MS;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN') {
        Atomics.wait(never, 0, 0, nap);
        nap = Math.min(nap * 2, LONGEST_NAP_MS);
      }
      // The parent is gone; the loop will notice, and end.
      else if (code === 'EPIPE' || code === 'ECONNRESET') return;
      else throw error;
    }
  }
}
