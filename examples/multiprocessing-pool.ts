/** A pool of processes under the names of Python's: calls, maps, and results one by one. */
import { isMain } from 'manyhands';
import { Pool } from 'manyhands/multiprocessing';

export function square(n: number): number {
  return n * n;
}

export function power(base: number, exponent: number): number {
  return base ** exponent;
}

async function main(): Promise<void> {
  const pool = new Pool({ processes: 2 });
  console.log(await pool.map(square, [0, 1, 2, 3, 4]));

  const rows: [number, number][] = [
    [2, 3],
    [3, 2],
  ];
  console.log(await pool.starmap(power, rows));

  for await (const result of pool.imap(square, [5, 6])) console.log(result);

  const later = pool.applyAsync(power, [2, 10], { callback: (value) => console.log(`It is ${value}`) });
  await later.wait({ timeout: 60_000 });

  pool.close();
  await pool.join();
  console.log('Done');
}

if (isMain(import.meta)) await main();
