/** workerpool, on threads and on child processes, with a worker script of its own as its guide advises. */
import { fileURLToPath } from 'node:url';
import { type Contestant, mapByHand, type OpenOptions, type Pool } from '../contestant.ts';

const script = fileURLToPath(new URL('./workerpool-worker.js', import.meta.url));

async function open({ workers, binary }: OpenOptions, workerType: 'thread' | 'process'): Promise<Pool> {
  const { default: workerpool } = await import('workerpool');
  const pool = workerpool.pool(script, {
    workerType,
    minWorkers: workers,
    maxWorkers: workers,
    forkOpts: { serialization: binary ? 'advanced' : 'json' },
  });
  return {
    noop: () => pool.exec('noop', []),
    echo: <T>(value: T) => pool.exec<(x: T) => T>('echo', [value]),
    fib: (n) => pool.exec('fib', [n]),
    hold: (ms) => pool.exec('hold', [ms]),
    ...mapByHand(
      (chunk) => pool.exec('squares', [chunk]),
      (x) => pool.exec('square', [x]),
    ),
    // Forced: it is idle by then, and asking politely makes it wait for its time limit.
    close: async () => void (await pool.terminate(true)),
  };
}

export const workerpool: Contestant = {
  name: 'workerpool',
  library: 'workerpool',
  reach: 'thread',
  open: (options) => open(options, 'thread'),
};

export const workerpoolProcesses: Contestant = {
  name: 'workerpool-processes',
  library: 'workerpool',
  reach: 'process',
  open: (options) => open(options, 'process'),
};
