/**
 * A process that computes beside a thread that waits.
 *
 * The two executors are independent of each other, and their futures are the same kind of thing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMain, ProcessPoolExecutor, ThreadPoolExecutor } from 'manyhands';

const TASK_MS = 300;

/** Keeps a core busy, which is what a sleep in its place would only pretend. */
export function cpuIntensiveTask(taskId: number): void {
  console.log(`CPU Task ${taskId} started`);
  const end = performance.now() + TASK_MS;
  while (performance.now() < end) Math.sqrt(Math.random());
  console.log(`CPU Task ${taskId} completed`);
}

export async function ioTask(taskId: number): Promise<void> {
  console.log(`I/O Task ${taskId} started`);
  await sleep(TASK_MS);
  console.log(`I/O Task ${taskId} completed`);
}

async function main(): Promise<void> {
  const processes = new ProcessPoolExecutor({ maxWorkers: 1 });
  const threads = new ThreadPoolExecutor({ maxWorkers: 1 });
  await Promise.all([processes.submit(cpuIntensiveTask, 1), threads.submit(ioTask, 2)]);
  await Promise.all([processes.shutdown(), threads.shutdown()]);
  console.log('Hybrid execution completed');
}

if (isMain(import.meta)) await main();
