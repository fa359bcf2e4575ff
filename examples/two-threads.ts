/**
 * Two named threads that wait at the same time. A name given by `with` appears in errors and statistics too.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { currentTask, isMain, ThreadPoolExecutor } from 'manyhands';

const SLEEP_MS = 300;

export async function task(): Promise<void> {
  const name = currentTask()?.name;
  console.log(`Thread ${name} starting`);
  await sleep(SLEEP_MS);
  console.log(`Thread ${name} finished`);
}

async function main(): Promise<void> {
  const pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  await Promise.all([pool.with({ name: 'A' }).submit(task), pool.with({ name: 'B' }).submit(task)]);
  await pool.shutdown();
  console.log('Done');
}

if (isMain(import.meta)) await main();
