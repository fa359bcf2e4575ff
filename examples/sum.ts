/** Two processes that each add up the numbers below ten million. What they find comes back as the result. */
import { isMain, ProcessPoolExecutor } from 'manyhands';

const LIMIT = 10 ** 7;

export function task(limit: number): number {
  console.log('Process starting');
  let total = 0;
  for (let i = 0; i < limit; i++) total += i;
  console.log('Process finished');
  return total;
}

async function main(): Promise<void> {
  const pool = new ProcessPoolExecutor({ maxWorkers: 2 });
  const totals = await Promise.all([pool.submit(task, LIMIT), pool.submit(task, LIMIT)]);
  await pool.shutdown();
  console.log(`Done: ${totals.join(' and ')}`);
}

if (isMain(import.meta)) await main();
