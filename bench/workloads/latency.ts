/** One task at a time: how long a caller waits for the smallest answer. */
import type { Pool } from '../contestant.ts';
import { percentile } from '../statistics.ts';
import type { Workload } from '../workload.ts';

async function roundTrips(pool: Pool, ms: number): Promise<number[]> {
  const times: number[] = [];
  const start = performance.now();
  for (let before = start; before - start < ms; ) {
    await pool.noop();
    const after = performance.now();
    times.push((after - before) * 1000);
    before = after;
  }
  return times;
}

export const latency: Workload = {
  name: 'latency',
  title: 'no-op tasks, one at a time',
  figures: [
    { key: 'p50', label: 'round trip, p50', unit: 'us', better: 'lower' },
    { key: 'p99', label: 'round trip, p99', unit: 'us', better: 'lower' },
  ],
  async run(open, { scale }) {
    const pool = await open();
    await roundTrips(pool, scale.warmUp);
    const times = await roundTrips(pool, scale.window);
    return { p50: percentile(times, 50), p99: percentile(times, 99) };
  },
};
