/**
 * A race, and what ends it: two threads that raise one counter in shared memory, without a lock and with one.
 *
 * To raise it is to read it and then to write it. What the other thread writes in between is lost.
 */
import { isMain } from 'manyhands';
import { Barrier, Lock, Thread } from 'manyhands/threading';

const TIMES = 1_000_000;

export function raise(counter: Int32Array, barrier: Barrier): void {
  barrier.waitSync();
  for (let i = 0; i < TIMES; i++) increment(counter);
}

export function raiseUnderLock(counter: Int32Array, barrier: Barrier, lock: Lock): void {
  barrier.waitSync();
  for (let i = 0; i < TIMES; i++) {
    using _ = lock.acquireSync();
    increment(counter);
  }
}

/** In two steps. `Atomics.add` would be one, and need no lock. */
function increment(counter: Int32Array): void {
  Atomics.store(counter, 0, Atomics.load(counter, 0) + 1);
}

async function run(threads: readonly Thread[]): Promise<void> {
  for (const thread of threads) thread.start();
  for (const thread of threads) await thread.join();
}

async function main(): Promise<void> {
  // Nobody begins before the other has started.
  const barrier = new Barrier(2);

  const unsafe = new Int32Array(new SharedArrayBuffer(4));
  await run([1, 2].map(() => new Thread({ target: raise, args: [unsafe, barrier] })));
  console.log(`Without a lock: ${unsafe[0]} of ${2 * TIMES}`);

  const safe = new Int32Array(new SharedArrayBuffer(4));
  const lock = new Lock();
  await run([1, 2].map(() => new Thread({ target: raiseUnderLock, args: [safe, barrier, lock] })));
  console.log(`With a lock: ${safe[0]} of ${2 * TIMES}`);
}

if (isMain(import.meta)) await main();
