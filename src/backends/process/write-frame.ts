/**
 * Writes to the pipe of a worker process, and returns when the system has the bytes.
 *
 * A stream would keep in memory what the pipe has no room for, and a task that ends the process right after
 * would take the answers of the tasks before it along. So a worker waits for room, which also holds back one
 * that produces more than its parent reads.
 */

import { writeSync } from 'node:fs';
import { nap } from '../../memory/nap.ts';
import { encodeFrame } from '../../wire/frames.ts';

/**
 * A parent that reads makes room within microseconds, and a large answer takes many rounds of that; one that
 * is busy may need seconds, and must not be waited for with a busy processor. So naps begin short and double.
 */
const SHORTEST_NAP_MS = 0.02;
const LONGEST_NAP_MS = 2;

export function writeFrame(fd: number, batch: readonly unknown[]): void {
  const frame = encodeFrame(batch);
  let written = 0;
  let pause = SHORTEST_NAP_MS;
  while (written < frame.length) {
    try {
      written += writeSync(fd, frame, written);
      pause = SHORTEST_NAP_MS;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN') {
        nap(pause);
        pause = Math.min(pause * 2, LONGEST_NAP_MS);
      }
      // The parent is gone; the loop will notice, and end.
      else if (code === 'EPIPE' || code === 'ECONNRESET') return;
      else throw error;
    }
  }
}
