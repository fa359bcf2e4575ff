/** One task at a time: how long a caller waits for the smallest answer. */
import { oneAtATime } from '../load.ts';
import type { Workload, Yardstick } from '../workload.ts';

/** Also the p99 is held against what these do half of the time. */
const YARDSTICKS: readonly Yardstick[] = [
  { lane: 'piscina', key: 'p50' },
  { lane: 'tinypool-processes', key: 'p50' },
];

export const latency: Workload = {
  name: 'latency',
  title: 'no-op tasks, one at a time',
  figures: [
    { key: 'p50', label: 'round trip, p50', unit: 'us', better: 'lower', against: YARDSTICKS },
    { key: 'p99', label: 'round trip, p99', unit: 'us', better: 'lower', against: YARDSTICKS },
  ],
  async run(open, { scale }) {
    const pool = await open();
    await oneAtATime(() => pool.noop(), scale.warmUp);
    const times = await oneAtATime(() => pool.noop(), scale.window);
    return { p50: times.percentile(50), p99: times.percentile(99) };
  },
};
