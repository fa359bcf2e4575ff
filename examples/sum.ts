/**
 * Two processes that each add up the numbers below ten million, at the same time if there are two cores.
 *
 * What a process finds out it has to say: here it prints it. Executors and queues bring results back.
 */
import { isMain } from 'manyhands';
import { Process } from 'manyhands/multiprocessing';

const LIMIT = 10 ** 7;

export function task(): void {
  console.log('Process starting');
  let total = 0;
  for (let i = 0; i < LIMIT; i++) total += i;
  console.log(`Process finished: ${total}`);
}

async function main(): Promise<void> {
  const p1 = new Process({ target: task });
  const p2 = new Process({ target: task });
  p1.start();
  p2.start();
  await p1.join();
  await p2.join();
  console.log('Done');
}

if (isMain(import.meta)) await main();
