/**
 * The race of race.ts between processes: a `Value` is memory that they share, and brings its lock along.
 *
 * `counter.add(1)` would be one step, which needs no lock.
 */
import { isMain } from 'manyhands';
import { Barrier, Process, Value } from 'manyhands/multiprocessing';

const TIMES = 1_000_000;

export function raise(counter: Value<'i'>, barrier: Barrier): void {
  barrier.waitSync();
  for (let i = 0; i < TIMES; i++) counter.value += 1;
}

export function raiseUnderLock(counter: Value<'i'>, barrier: Barrier): void {
  const lock = counter.getLock();
  barrier.waitSync();
  for (let i = 0; i < TIMES; i++) {
    using _ = lock.acquireSync();
    counter.value += 1;
  }
}

async function main(): Promise<void> {
  // Nobody begins before the other has started.
  const barrier = new Barrier(2);

  for (const target of [raise, raiseUnderLock]) {
    const counter = new Value('i', 0);
    const processes = [1, 2].map(() => new Process({ target, args: [counter, barrier] }));
    for (const process of processes) process.start();
    for (const process of processes) await process.join();
    const how = target === raise ? 'Without' : 'With';
    console.log(`${how} its lock: ${counter.value} of ${2 * TIMES}`);
  }
}

if (isMain(import.meta)) await main();
