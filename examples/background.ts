/**
 * A thread that computes, a daemon beside it, and a timer.
 *
 * The program waits for the worker and for the timer, and not for the daemon, which would never end by itself. They speak to
 * each other by words of shared memory.
 */

import { isMain } from 'manyhands';
import { enumerate, Thread, Timer } from 'manyhands/threading';

const BELOW = 200_000;
const HALF_MS = 100;

/** Counts primes; the number is left in `found`. */
export function countPrimes(below: number, found: Int32Array): void {
  let primes = 0;
  for (let n = 2; n < below; n += 1) {
    let divisor = 2;
    while (divisor * divisor <= n && n % divisor !== 0) divisor += 1;
    if (divisor * divisor > n) primes += 1;
  }
  Atomics.store(found, 0, primes);
  console.log(`Primes below ${below}: ${primes}`);
}

/** Counts milliseconds for as long as there is a program. */
export function tick(clock: Int32Array): void {
  setInterval(() => Atomics.add(clock, 0, 1), 1);
}

async function main(): Promise<void> {
  const [clock, found] = [new Int32Array(new SharedArrayBuffer(4)), new Int32Array(new SharedArrayBuffer(4))];
  new Thread({ target: tick, args: [clock], name: 'clock', daemon: true }).start();
  const worker = new Thread({ target: countPrimes, args: [BELOW, found], name: 'worker' });
  worker.start();
  console.log(
    `Threads: ${enumerate()
      .map(({ name }) => name)
      .join(', ')}`,
  );

  const timer = new Timer(HALF_MS, () => console.log('Half of the time is over'));
  timer.start();
  await Promise.all([worker.join(), timer.join()]);
  console.log(`worker has ended: ${!worker.isAlive() && Atomics.load(found, 0) > 0}`);
}

if (isMain(import.meta)) await main();
