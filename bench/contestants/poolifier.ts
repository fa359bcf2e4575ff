/**
 * poolifier's fixed pools of threads and of cluster workers, with the defaults of its guide: tasks are handed
 * to the least used worker at once and wait there, without a queue in the pool. Its events are off; nobody
 * listens to them here.
 */
import { fileURLToPath } from 'node:url';
import type { IPool, IWorker } from 'poolifier';
import { type Contestant, chunksOf, type Pool } from '../contestant.ts';

const threadWorker = fileURLToPath(new URL('./poolifier-thread-worker.js', import.meta.url));
const clusterWorker = fileURLToPath(new URL('./poolifier-cluster-worker.cjs', import.meta.url));

function poolOf<W extends IWorker>(pool: IPool<W>): Pool {
  // One pool runs tasks of many types here, so what comes back is named by the caller.
  const run = <R>(name: string, data?: unknown) => pool.execute(data, name) as Promise<R>;
  const map = <R>(name: string, data: readonly unknown[]) => pool.mapExecute(data, name) as Promise<R[]>;
  return {
    noop: () => run('noop'),
    echo: <T>(value: T) => run<T>('echo', value),
    fib: (n) => run('fib', n),
    hold: (ms) => run('hold', ms),
    map: async (numbers) => (await map<number[]>('squares', chunksOf(numbers))).flat(),
    mapEach: (numbers) => map('square', numbers),
    close: () => pool.destroy(),
  };
}

export const poolifier: Contestant = {
  name: 'poolifier',
  library: 'poolifier',
  reach: 'thread',
  open: async ({ workers }) => {
    const { FixedThreadPool } = await import('poolifier');
    return poolOf(new FixedThreadPool(workers, threadWorker, { enableEvents: false }));
  },
};

export const poolifierCluster: Contestant = {
  name: 'poolifier-cluster',
  library: 'poolifier',
  reach: 'process',
  open: async ({ workers, binary }) => {
    const { FixedClusterPool } = await import('poolifier');
    const settings = { serialization: binary ? 'advanced' : 'json' } as const;
    return poolOf(new FixedClusterPool(workers, clusterWorker, { enableEvents: false, settings }));
  },
};
