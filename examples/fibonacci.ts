/**
 * Computing: ten Fibonacci numbers by threads, and the same by processes.
 *
 * In Python the threads take turns under the GIL, and only the processes use more than one core. Threads of
 * Node have no such lock: both use all cores.
 *
 * `node dist/examples/fibonacci.js 30` computes a smaller one.
 */
import { availableParallelism } from 'node:os';
import { type Executor, isMain, ProcessPoolExecutor, ThreadPoolExecutor } from 'manyhands';

const TASKS = 10;
const DEFAULT_N = 35;

export function fibonacci(n: number): number {
  return n <= 2 ? 1 : fibonacci(n - 1) + fibonacci(n - 2);
}

async function compute(what: string, executor: Executor, n: number): Promise<void> {
  const start = performance.now();
  const results = await Promise.all(Array.from({ length: TASKS }, () => executor.submit(fibonacci, n)));
  const seconds = (performance.now() - start) / 1000;
  await executor.shutdown();
  console.log(`fibonacci(${n}) = ${results[0]}, ${TASKS} times`);
  console.log(`Total time with ${availableParallelism()} ${what}: ${seconds.toFixed(2)} seconds`);
}

if (isMain(import.meta)) {
  const n = Number(process.argv[2] ?? DEFAULT_N);
  // More workers than cores would only take turns, so there is no worker for each task as in the article.
  await compute('threads', new ThreadPoolExecutor(), n);
  await compute('processes', new ProcessPoolExecutor(), n);
}
