/** From a Node process that has not yet loaded the library to its first results, one from each worker. */
import type { Workload } from '../workload.ts';

export const coldStart: Workload = {
  name: 'cold-start',
  title: 'cold start: import, open, and one task for each worker',
  figures: [
    {
      key: 'time',
      label: 'time to the results',
      unit: 'ms',
      better: 'lower',
      against: [{ lane: 'tinypool' }, { lane: 'tinypool-processes' }],
    },
  ],
  async run(open, { workers }) {
    const start = performance.now();
    const pool = await open();
    await Promise.all(Array.from({ length: workers }, () => pool.noop()));
    return { time: performance.now() - start };
  },
};
