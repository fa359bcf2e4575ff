/**
 * Two functions that take turns, on threads and then in processes.
 *
 * Which of the two prints first after each pause is up to the system, as it is in Python.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Executor, isMain, ProcessPoolExecutor, ThreadPoolExecutor } from 'manyhands';

const PAUSE_MS = 100;

export async function printNumbers(): Promise<void> {
  for (let i = 1; i < 6; i++) {
    console.log(`Number: ${i}`);
    await sleep(PAUSE_MS);
  }
}

export async function printLetters(): Promise<void> {
  for (const letter of 'abcde') {
    console.log(`Letter: ${letter}`);
    await sleep(PAUSE_MS);
  }
}

async function run(title: string, executor: Executor): Promise<void> {
  console.log(title);
  await Promise.all([executor.submit(printNumbers), executor.submit(printLetters)]);
  await executor.shutdown();
}

if (isMain(import.meta)) {
  await run('On threads', new ThreadPoolExecutor({ maxWorkers: 2 }));
  await run('In processes', new ProcessPoolExecutor({ maxWorkers: 2 }));
}
