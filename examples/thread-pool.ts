/**
 * `map` on a pool of threads: results in the order of the input, whichever is there first.
 *
 * `await using` shuts the pool down at the end of the block, as Python's `with` does.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMain, ThreadPoolExecutor } from 'manyhands';

const SLEEP_MS = 100;

export async function task(n: number): Promise<number> {
  await sleep(SLEEP_MS);
  return n;
}

if (isMain(import.meta)) {
  await using executor = new ThreadPoolExecutor();
  const results = executor.map(task, [0, 1, 2, 3, 4]);
  console.log(await results);
}
