/** Four processes that each put a greeting on one queue. */
import { isMain } from 'manyhands';
import { currentProcess, Process, Queue } from 'manyhands/multiprocessing';

export async function worker(queue: Queue<string>): Promise<void> {
  await queue.put(`Hello from ${currentProcess().name}`);
}

async function main(): Promise<void> {
  const queue = new Queue<string>();
  const processes = [1, 2, 3, 4].map(() => new Process({ target: worker, args: [queue] }));
  for (const process of processes) process.start();
  for (const _ of processes) console.log(await queue.get());
  for (const process of processes) await process.join();
}

if (isMain(import.meta)) await main();
