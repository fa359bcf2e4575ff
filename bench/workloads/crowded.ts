/** More workers than cores: what is left of the throughput, and how long a task may have to wait. */
import { setTimeout as sleep } from 'node:timers/promises';
import { throughput } from '../load.ts';
import type { Workload } from '../workload.ts';
import { IN_FLIGHT } from './noop.ts';

/** With 2 workers on 2 cores: 8, as a pool gets that is sized for another machine. */
const CROWD = 4;

/** Milliseconds for the first pool to close. Some of the peers do not always, and stay, idle, beside the second. */
const CLOSING = 1000;

export const crowded: Workload = {
  name: 'crowded',
  title: `no-op tasks, ${IN_FLIGHT} in flight, ${CROWD} times as many workers`,
  figures: [
    { key: 'kept', label: 'throughput, as a share of that of the fewer', unit: 'x', better: 'higher' },
    { key: 'rate', label: 'throughput', unit: 'tasks/s', better: 'higher' },
    { key: 'p99', label: 'from call to result, p99', unit: 'ms', better: 'lower' },
  ],
  async run(open, { workers, scale }) {
    const fewPool = await open(workers);
    await throughput(() => fewPool.noop(), IN_FLIGHT, scale.warmUp);
    const few = await throughput(() => fewPool.noop(), IN_FLIGHT, scale.window);
    await Promise.race([fewPool.close(), sleep(CLOSING)]);
    const manyPool = await open(workers * CROWD);
    await throughput(() => manyPool.noop(), IN_FLIGHT, scale.warmUp);
    const many = await throughput(() => manyPool.noop(), IN_FLIGHT, scale.window);
    return { kept: many.rate / few.rate, rate: many.rate, p99: many.latencies.percentile(99) / 1000 };
  },
};
