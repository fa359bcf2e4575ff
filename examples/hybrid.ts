/** A process that computes beside a thread that waits. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMain } from 'manyhands';
import { Process } from 'manyhands/multiprocessing';
import { Thread } from 'manyhands/threading';

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
  const process = new Process({ target: cpuIntensiveTask, args: [1] });
  const thread = new Thread({ target: ioTask, args: [2] });
  process.start();
  thread.start();
  await process.join();
  await thread.join();
  console.log('Hybrid execution completed');
}

if (isMain(import.meta)) await main();
