/** Throughput of tasks that do nothing: the cost of a task when there are always more to send. */
import { burning } from '../process-tree.ts';
import { throughput, type Workload, watchingEventLoop } from '../workload.ts';

/** Enough that no worker waits for the caller, and few enough that queues stay short. */
const IN_FLIGHT = 64;

export const noop: Workload = {
  name: 'noop',
  title: `no-op tasks, ${IN_FLIGHT} in flight`,
  figures: [
    { key: 'rate', label: 'throughput', unit: 'tasks/s', better: 'higher' },
    { key: 'cost', label: 'processor time for each task, host and workers', unit: 'us', better: 'lower' },
    { key: 'delay', label: "delay of the caller's event loop, p99", unit: 'ms', better: 'lower', floor: 0.5 },
  ],
  async run(open, { scale }) {
    const pool = await open();
    await throughput(() => pool.noop(), IN_FLIGHT, scale.warmUp);
    const { result, p99 } = await watchingEventLoop(() =>
      burning(() => throughput(() => pool.noop(), IN_FLIGHT, scale.window)),
    );
    const { done, rate } = result.result;
    return { rate, delay: p99, ...(result.ms === undefined ? {} : { cost: (result.ms * 1000) / done }) };
  },
};
