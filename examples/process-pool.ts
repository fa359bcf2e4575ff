/** `map` on a pool of processes. */
import { isMain, ProcessPoolExecutor } from 'manyhands';

export function square(n: number): number {
  return n * n;
}

if (isMain(import.meta)) {
  await using executor = new ProcessPoolExecutor();
  const results = executor.map(square, [0, 1, 2, 3, 4]);
  console.log(await results);
}
