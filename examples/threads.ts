/**
 * Three workers on threads.
 *
 * The tasks wait at the same time, so all of them together take as long as one. They would on one thread,
 * too, since waiting needs none in Node; what threads add is that the tasks could compute at the same time as
 * well.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMain, ThreadPoolExecutor } from 'manyhands';

const SLEEP_MS = 300;

export async function worker(taskId: number): Promise<void> {
  console.log(`Task ${taskId} started`);
  await sleep(SLEEP_MS);
  console.log(`Task ${taskId} completed`);
}

async function main(): Promise<void> {
  const pool = new ThreadPoolExecutor({ maxWorkers: 3 });
  await Promise.all([0, 1, 2].map((taskId) => pool.submit(worker, taskId)));
  // Waits for the threads to end, and so for what they print.
  await pool.shutdown();
  console.log('All tasks completed');
}

if (isMain(import.meta)) await main();
