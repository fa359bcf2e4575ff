/** Two threads that wait at the same time, each told what it is called. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMain } from 'manyhands';
import { Thread } from 'manyhands/threading';

const SLEEP_MS = 300;

export async function task(name: string): Promise<void> {
  console.log(`Thread ${name} starting`);
  await sleep(SLEEP_MS);
  console.log(`Thread ${name} finished`);
}

async function main(): Promise<void> {
  const t1 = new Thread({ target: task, args: ['A'] });
  const t2 = new Thread({ target: task, args: ['B'] });
  t1.start();
  t2.start();
  await t1.join();
  await t2.join();
  console.log('Done');
}

if (isMain(import.meta)) await main();
