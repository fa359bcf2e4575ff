/** jest-worker, on threads and on child processes; its queue hands each worker one task at a time. */
import { fileURLToPath } from 'node:url';
import type { JestWorkerFarm } from 'jest-worker';
import { type Contestant, mapByHand, type OpenOptions, type Pool } from '../contestant.ts';
import type * as Tasks from '../tasks.ts';

const tasks = fileURLToPath(new URL('../tasks.js', import.meta.url));

/** Named, so that the farm need not load the tasks into the caller to find out. */
const exposedMethods = ['noop', 'echo', 'fib', 'hold', 'square', 'squares'] as const;

async function open({ workers, binary }: OpenOptions, enableWorkerThreads: boolean): Promise<Pool> {
  const { Worker } = await import('jest-worker');
  const farm = new Worker(tasks, {
    exposedMethods,
    numWorkers: workers,
    enableWorkerThreads,
    // Its own default is structured clone for everything, which is the slower way for small plain values.
    forkOptions: { serialization: binary ? 'advanced' : 'json' },
  }) as JestWorkerFarm<Pick<typeof Tasks, (typeof exposedMethods)[number]>>;
  return {
    noop: () => farm.noop(),
    echo: <T>(value: T) => farm.echo(value) as Promise<T>,
    fib: (n) => farm.fib(n),
    hold: (ms) => farm.hold(ms),
    ...mapByHand(
      (chunk) => farm.squares(chunk),
      (x) => farm.square(x),
    ),
    close: () => farm.end(),
  };
}

export const jestWorker: Contestant = {
  name: 'jest-worker',
  library: 'jest-worker',
  reach: 'thread',
  open: (options) => open(options, true),
};

export const jestWorkerProcesses: Contestant = {
  name: 'jest-worker-processes',
  library: 'jest-worker',
  reach: 'process',
  open: (options) => open(options, false),
};
