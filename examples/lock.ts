/**
 * A function that three threads call, and only one of them runs at a time.
 *
 * The lock is an argument: it arrives as the same lock, not as a copy. `using _ = lock.acquireSync()` would release it at
 * the end of the block, as Python's `with` does.
 */
import { isMain } from 'manyhands';
import { Lock, Thread } from 'manyhands/threading';

export function synchronizedFunction(lock: Lock): void {
  lock.acquireSync();
  try {
    console.log('Synchronized access');
  } finally {
    lock.release();
  }
}

async function main(): Promise<void> {
  const lock = new Lock();
  const threads = [1, 2, 3].map(() => new Thread({ target: synchronizedFunction, args: [lock] }));
  for (const thread of threads) thread.start();
  for (const thread of threads) await thread.join();
  console.log(`Locked at the end: ${lock.locked}`);
}

if (isMain(import.meta)) await main();
