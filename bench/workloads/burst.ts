/**
 * Everything submitted at once, in one turn of the event loop: how queues scale, and what the loop suffers.
 */
import { throughput, watchingEventLoop } from '../load.ts';
import type { Workload } from '../workload.ts';

export const burst: Workload = {
  name: 'burst',
  title: '100,000 no-op tasks submitted at once (10,000 with --quick)',
  figures: [
    {
      key: 'rate',
      label: 'throughput, from first submit to last result',
      unit: 'tasks/s',
      better: 'higher',
      against: [{ lane: 'poolifier' }],
    },
    {
      key: 'delay',
      label: "delay of the caller's event loop, longest",
      unit: 'ms',
      better: 'lower',
      floor: 1,
    },
  ],
  // The slowest peers take ten seconds for one round of this.
  maxRounds: 2,
  limit: 60_000,
  async run(open, { scale }) {
    const pool = await open();
    await throughput(() => pool.noop(), 64, scale.warmUp);
    const { result, max } = await watchingEventLoop(async () => {
      const start = performance.now();
      await Promise.all(Array.from({ length: scale.burst }, () => pool.noop()));
      return performance.now() - start;
    });
    return { rate: (scale.burst * 1000) / result, delay: max };
  },
};
