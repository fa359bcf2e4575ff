/**
 * Two functions that take turns, on threads and then in processes.
 *
 * Which of the two prints first after each pause is up to the system, as it is in Python.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMain } from 'manyhands';
import { Process } from 'manyhands/multiprocessing';
import { Thread } from 'manyhands/threading';

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

async function onThreads(): Promise<void> {
  const thread1 = new Thread({ target: printNumbers });
  const thread2 = new Thread({ target: printLetters });
  thread1.start();
  thread2.start();
  await thread1.join();
  await thread2.join();
}

async function inProcesses(): Promise<void> {
  const process1 = new Process({ target: printNumbers });
  const process2 = new Process({ target: printLetters });
  process1.start();
  process2.start();
  await process1.join();
  await process2.join();
}

if (isMain(import.meta)) {
  console.log('On threads');
  await onThreads();
  console.log('In processes');
  await inProcesses();
}
