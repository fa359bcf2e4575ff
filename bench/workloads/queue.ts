/** Small items from one thread to another, and from one process to another. */
import { pythonPrimitive } from '../baselines/python.ts';
import type { Reach } from '../contestant.ts';
import { type AnyQueue, consume, consumeAsync, type Party, produce, produceAsync } from '../parties.ts';
import { OURS, timed, withPool } from '../rivals.ts';
import type { Rival, Workload, Yardstick } from '../workload.ts';

const PYTHON: readonly Yardstick[] = [
  { lane: 'python-threading', key: 'blocked', reach: 'thread' },
  { lane: 'python-multiprocessing', key: 'blocked', reach: 'process' },
];

function rival(reach: Reach, load: () => Promise<new () => AnyQueue>): Rival {
  return {
    name: OURS[reach],
    reach,
    role: 'ours',
    measure: ({ workers, scale }) =>
      withPool(reach, workers, async (pool) => {
        const Queue = await load();
        const rate = async (put: Party<AnyQueue>, get: Party<AnyQueue>) => {
          const queue = new Queue();
          const elapsed = await timed(scale, (steps) =>
            Promise.all([pool.submit(put, queue, steps), pool.submit(get, queue, steps)]),
          );
          return (scale.steps * 1000) / elapsed;
        };
        return { blocked: await rate(produce, consume), awaiting: await rate(produceAsync, consumeAsync) };
      }),
  };
}

export const queue: Workload = {
  name: 'queue',
  title: 'numbers through a queue, from one to another',
  figures: [
    { key: 'blocked', label: 'both block', unit: 'items/s', better: 'higher', against: PYTHON },
    { key: 'awaiting', label: 'both await', unit: 'items/s', better: 'higher', against: PYTHON },
  ],
  workers: [2],
  rivals: [
    rival('thread', async () => (await import('manyhands/queue')).Queue<number>),
    rival('process', async () => (await import('manyhands/multiprocessing')).Queue<number>),
  ],
  baselines: [pythonPrimitive('queue', 'thread'), pythonPrimitive('queue', 'process')],
};
