/**
 * Three workers on threads.
 *
 * The tasks wait at the same time, so all of them together take as long as one. They would on one thread,
 * too, since waiting needs none in Node; what threads add is that the tasks could compute at the same time as
 * well.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMain } from 'manyhands';
import { Thread } from 'manyhands/threading';

const SLEEP_MS = 300;

export async function worker(taskId: number): Promise<void> {
  console.log(`Task ${taskId} started`);
  await sleep(SLEEP_MS);
  console.log(`Task ${taskId} completed`);
}

async function main(): Promise<void> {
  const threads = [0, 1, 2].map((taskId) => new Thread({ target: worker, args: [taskId] }));
  for (const thread of threads) thread.start();
  for (const thread of threads) await thread.join();
  console.log('All tasks completed');
}

// A thread imports this module to find `worker`. It must not start threads of its own then.
if (isMain(import.meta)) await main();
