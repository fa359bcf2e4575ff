/** Throughput of tasks that do nothing: the cost of a task when there are always more to send. */
import { throughput, watchingEventLoop } from '../load.ts';
import { burning } from '../process-tree.ts';
import type { Workload } from '../workload.ts';

/** Enough that no worker waits for the caller, and few enough that queues stay short. */
export const IN_FLIGHT = 64;

export const noop: Workload = {
  name: 'noop',
  title: `no-op tasks, ${IN_FLIGHT} in flight`,
  figures: [
    {
      key: 'rate',
      label: 'throughput',
      unit: 'tasks/s',
      better: 'higher',
      against: [{ lane: 'poolifier' }],
    },
    { key: 'p50', label: 'from call to result, p50', unit: 'us', better: 'lower' },
    { key: 'p99', label: 'from call to result, p99', unit: 'us', better: 'lower' },
    { key: 'cost', label: 'processor time for each task, host and workers', unit: 'us', better: 'lower' },
    { key: 'delay', label: "delay of the caller's event loop, p99", unit: 'ms', better: 'lower', floor: 0.5 },
  ],
  async run(open, { scale }) {
    const pool = await open();
    await throughput(() => pool.noop(), IN_FLIGHT, scale.warmUp);
    const { result, p99: delay } = await watchingEventLoop(() =>
      burning(() => throughput(() => pool.noop(), IN_FLIGHT, scale.window)),
    );
    const { done, rate, latencies } = result.result;
    return {
      rate,
      p50: latencies.percentile(50),
      p99: latencies.percentile(99),
      delay,
      ...(result.ms === undefined ? {} : { cost: (result.ms * 1000) / done }),
    };
  },
};
