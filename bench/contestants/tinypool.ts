/** tinypool, on threads and on child processes; workers are kept, as they are by default. */
import { type Contestant, mapByHand, type OpenOptions, type Pool } from '../contestant.ts';

const tasks = new URL('../tasks.js', import.meta.url).href;

async function open(
  { workers, binary }: OpenOptions,
  runtime: 'worker_threads' | 'child_process',
  concurrentTasksPerWorker: number,
): Promise<Pool> {
  const { Tinypool } = await import('tinypool');
  const pool = new Tinypool({
    filename: tasks,
    runtime,
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker,
    isolateWorkers: false,
    serialization: binary ? 'advanced' : 'json',
  });
  return {
    noop: () => pool.run(undefined, { name: 'noop' }),
    echo: (value) => pool.run(value, { name: 'echo' }),
    fib: (n) => pool.run(n, { name: 'fib' }),
    hold: (ms) => pool.run(ms, { name: 'hold' }),
    ...mapByHand(
      (chunk) => pool.run(chunk, { name: 'squares' }),
      (x) => pool.run(x, { name: 'square' }),
    ),
    close: () => pool.destroy(),
  };
}

export const tinypool: Contestant = {
  name: 'tinypool',
  library: 'tinypool',
  reach: 'thread',
  open: (options) => open(options, 'worker_threads', 1),
};

export const tinypoolProcesses: Contestant = {
  name: 'tinypool-processes',
  library: 'tinypool',
  reach: 'process',
  open: (options) => open(options, 'child_process', 1),
};

/** What it does when a worker may hold 64 tasks, so that it need not be asked for each one. */
export const tinypoolDeep: Contestant = {
  name: 'tinypool-64',
  library: 'tinypool',
  reach: 'thread',
  onRequest: true,
  open: (options) => open(options, 'worker_threads', 64),
};
