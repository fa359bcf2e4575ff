/**
 * Three workers in processes: the program of threads.ts with another executor, and nothing else changed.
 *
 * A process has memory of its own, takes longer to start than a thread, and can crash without taking the
 * program along.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMain, ProcessPoolExecutor } from 'manyhands';

const SLEEP_MS = 300;

export async function worker(taskId: number): Promise<void> {
  console.log(`Task ${taskId} started`);
  await sleep(SLEEP_MS);
  console.log(`Task ${taskId} completed`);
}

async function main(): Promise<void> {
  const pool = new ProcessPoolExecutor({ maxWorkers: 3 });
  await Promise.all([0, 1, 2].map((taskId) => pool.submit(worker, taskId)));
  await pool.shutdown();
  console.log('All tasks completed');
}

// A worker imports this module to find `worker`. It must not start workers of its own then.
if (isMain(import.meta)) await main();
