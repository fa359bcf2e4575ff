/** piscina, threads: a fixed number of workers, its default of one task a worker, no timing records. */
import { type Contestant, mapByHand, type OpenOptions, type Pool } from '../contestant.ts';

const tasks = new URL('../tasks.js', import.meta.url).href;

async function open({ workers }: OpenOptions, concurrentTasksPerWorker: number): Promise<Pool> {
  const { Piscina } = await import('piscina');
  const pool = new Piscina({
    filename: tasks,
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker,
    recordTiming: false,
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

export const piscina: Contestant = {
  name: 'piscina',
  library: 'piscina',
  reach: 'thread',
  open: (options) => open(options, 1),
};

/** What it does when a worker may hold 64 tasks, so that it need not be asked for each one. */
export const piscinaDeep: Contestant = {
  name: 'piscina-64',
  library: 'piscina',
  reach: 'thread',
  onRequest: true,
  open: (options) => open(options, 64),
};
