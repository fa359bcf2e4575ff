/**
 * A thread that produces, and two that consume, over a queue with room for two items: who is ahead waits for the others.
 *
 * `shutdown` says that nothing more comes: each consumer takes what there is, and then its loop ends.
 */
import { isMain } from 'manyhands';
import { Queue } from 'manyhands/queue';
import { Thread } from 'manyhands/threading';

const ITEMS = 6;

export async function produce(queue: Queue<number>): Promise<void> {
  for (let item = 1; item <= ITEMS; item++) {
    await queue.put(item);
    console.log(`Produced ${item}`);
  }
  queue.shutdown();
}

export async function consume(queue: Queue<number>): Promise<void> {
  for await (const item of queue) console.log(`Consumed ${item}`);
}

async function main(): Promise<void> {
  const queue = new Queue<number>({ maxSize: 2 });
  const threads = [produce, consume, consume].map((target) => new Thread({ target, args: [queue] }));
  for (const thread of threads) thread.start();
  for (const thread of threads) await thread.join();
  console.log(`Left over: ${queue.size}`);
}

if (isMain(import.meta)) await main();
