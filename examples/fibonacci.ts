/**
 * Computing: ten Fibonacci numbers by threads, and the same by processes.
 *
 * In Python the threads take turns under the GIL, and only the processes use more than one core. Threads of
 * Node have no such lock: both use all cores. More of them than there are cores only take turns, though, and each
 * has to start; an executor has one worker for each core, which start once.
 *
 * `node dist/examples/fibonacci.js 30` computes a smaller one.
 */
import { isMain } from 'manyhands';
import { Process } from 'manyhands/multiprocessing';
import { Thread } from 'manyhands/threading';

const TASKS = 10;
const DEFAULT_N = 35;

export function fibonacci(n: number): number {
  return n <= 2 ? 1 : fibonacci(n - 1) + fibonacci(n - 2);
}

export function printFibonacci(n: number): void {
  console.log(`fibonacci(${n}) = ${fibonacci(n)}`);
}

async function compute(what: string, workers: readonly (Thread | Process)[]): Promise<void> {
  const start = performance.now();
  for (const worker of workers) worker.start();
  for (const worker of workers) await worker.join();
  const seconds = (performance.now() - start) / 1000;
  console.log(`Total time with ${workers.length} ${what}: ${seconds.toFixed(2)} seconds`);
}

if (isMain(import.meta)) {
  const n = Number(process.argv[2] ?? DEFAULT_N);
  await compute(
    'threads',
    Array.from({ length: TASKS }, () => new Thread({ target: printFibonacci, args: [n] })),
  );
  await compute(
    'processes',
    Array.from({ length: TASKS }, () => new Process({ target: printFibonacci, args: [n] })),
  );
}
