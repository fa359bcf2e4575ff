/**
 * A worker that computes until it is told to stop.
 *
 * It never returns to its event loop, so no message could reach it; an event is in memory that both threads see.
 */
import { isMain } from 'manyhands';
import { Event, Thread } from 'manyhands/threading';

export function compute(started: Event, stop: Event): void {
  console.log('Worker started');
  started.set();
  let rounds = 0;
  while (!stop.isSet()) rounds += 1;
  console.log(`Worker stopped after ${rounds} rounds`);
}

async function main(): Promise<void> {
  const [started, stop] = [new Event(), new Event()];
  const thread = new Thread({ target: compute, args: [started, stop] });
  thread.start();
  await started.wait();
  stop.set();
  await thread.join();
  console.log(`Worker alive: ${thread.isAlive()}`);
}

if (isMain(import.meta)) await main();
