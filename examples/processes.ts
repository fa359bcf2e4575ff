/**
 * Three workers in processes: the program of threads.ts with `Process` for `Thread`, and nothing else changed.
 *
 * A process has memory of its own, takes longer to start than a thread, and can crash without taking the
 * program along.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMain } from 'manyhands';
import { Process } from 'manyhands/multiprocessing';

const SLEEP_MS = 300;

export async function worker(taskId: number): Promise<void> {
  console.log(`Task ${taskId} started`);
  await sleep(SLEEP_MS);
  console.log(`Task ${taskId} completed`);
}

async function main(): Promise<void> {
  const processes = [0, 1, 2].map((taskId) => new Process({ target: worker, args: [taskId] }));
  for (const process of processes) process.start();
  for (const process of processes) await process.join();
  console.log('All tasks completed');
}

// A child imports this module to find `worker`. It must not start children of its own then.
if (isMain(import.meta)) await main();
